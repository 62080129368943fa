# websites-monitor: `make help` says what there is.

# What run, demo and run-* are built with: release, or dev (faster to build, slower to run).
PROFILE ?= release

SETUP := crates/devstack/setup.sh
SCRIPTS := $(SETUP) crates/torture/mutants.sh .ci/alterations .ci/coverage .ci/fuzzed .ci/instrumented .ci/run .ci/tool packaging/build.sh \
	packaging/debian-root.sh packaging/systemd-checks.sh packaging/test-deb.sh packaging/test-systemd.sh
# What images are made for, where the builder can (docker buildx ls), and under which name.
PLATFORMS ?= linux/amd64,linux/arm64
IMAGE_PREFIX ?= websites-monitor
VERSION := $(shell sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
TARGET := $(or $(CARGO_TARGET_DIR),target)
# Cargo keeps what it builds by the profile dev in a folder called debug.
BIN = $(TARGET)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
DEVSTACK = $(BIN)/devstack
# What was built last. Commands that run no service take this, so that they have nothing to build.
LAST := $(firstword $(shell ls -t $(TARGET)/release/devstack $(TARGET)/debug/devstack 2>/dev/null))
stack stack-stop rows registry: PROFILE := $(if $(findstring /debug/,$(LAST)),dev,$(PROFILE))
# Always the same set: Cargo unifies features over what is named, and another set would build anew.
PROGRAMS := --workspace --bins

.DEFAULT_GOAL := help

.PHONY: run
run: build ## Run everything here: Kafka, PostgreSQL and both services; Ctrl-C ends it
	@$(DEVSTACK) run

.PHONY: demo
demo: build ## The same over sample sites of its own, well, slow and failing
	@$(DEVSTACK) run --demo

.PHONY: run-monitor
run-monitor: build ## Run the monitor alone, by the environment's or .env's settings
	@$(DEVSTACK) exec monitor

.PHONY: run-consumer
run-consumer: build ## Run the consumer alone, by the environment's or .env's settings
	@$(DEVSTACK) exec consumer

.PHONY: stack
stack: build ## Start the local Kafka and PostgreSQL in the background
	@$(DEVSTACK) up

.PHONY: stack-stop
stack-stop: $(if $(LAST),,build) ## Stop them; their data stays
	@$(or $(LAST),$(DEVSTACK)) down

.PHONY: rows
rows: build ## Print the last rows; DEMO=1: those of make demo; LOCAL=1: not of PG_URI's database
	@$(DEVSTACK) rows $(if $(DEMO),--demo) $(if $(LOCAL),--local)

.PHONY: registry
registry: setup-registry build ## Run a schema registry here, to try VALUE_FORMAT=avro with; Ctrl-C ends it
	@$(DEVSTACK) registry

.PHONY: test
test: setup ## Run all tests; they start a Kafka and a PostgreSQL of their own
	@$(SETUP) tests
	@cargo build $(PROGRAMS) --locked
	@cargo test --workspace --locked

.PHONY: bench
bench: bench-monitor bench-consumer ## Measure both services, as ratios in one run

.PHONY: bench-monitor
bench-monitor: build ## Measure a check beside a bare client; CASE="cost-200 accuracy": these alone
	@cargo bench --workspace --locked --bench checks -- $(CASE)

.PHONY: bench-consumer
bench-consumer: setup ## Measure the consumer beside COPY of the same rows; BENCH=--help: what can be chosen
	@cargo build --release --locked --workspace --bins --examples
	@$(TARGET)/release/examples/bench $(BENCH)

.PHONY: screenshots
screenshots: setup ## Take pictures of the status page over sample data, into target/screenshots
	@$(SETUP) tests
	@cargo run --quiet --locked -p status --example screenshots

.PHONY: torture
torture: setup ## Hurt the consumer and its servers, prove each record stored once; ARGS="--seed 1"
	@cargo build --profile $(PROFILE) --locked $(PROGRAMS) --example torture
	@$(BIN)/examples/torture $(ARGS)

.PHONY: torture-mutants
torture-mutants: setup ## Prove that the torture finds deliberate faults of the consumer
	@crates/torture/mutants.sh

FUZZED := record avro targets page pg_uri
.PHONY: fuzz
fuzz: setup ## Feed records, Avro, targets files, pages and PG_URIs that nobody would write; SECONDS_EACH=20
	@RUSTC_WORKSPACE_WRAPPER=$(CURDIR)/.ci/fuzzed cargo build --locked --workspace --features fuzz/libfuzzer \
		$(addprefix --bin ,$(FUZZED))
	@cd crates/fuzz && for name in $(FUZZED); do \
		mkdir -p artifacts corpus/$$name; \
		echo "== $$name"; \
		$(abspath $(TARGET))/debug/$$name -max_total_time=$(or $(SECONDS_EACH),20) -max_len=65536 -timeout=10 \
			-print_final_stats=1 -verbosity=0 -artifact_prefix=artifacts/$$name- corpus/$$name seeds/$$name || exit 1; \
	done

.PHONY: alterations
alterations: setup ## Alter the code in hundreds of ways, and say what no unit test notices; hours; PART=messages
	@$(SETUP) tests
	@.ci/alterations $(PART)

.PHONY: coverage
coverage: setup ## Measure which lines the tests reach, those of the services that they start included
	@$(SETUP) tests
	@.ci/coverage

.PHONY: lint
lint: ## Check format, lints, documentation, scripts, workflows and mutants
	@$(SETUP) build lint
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- --deny warnings
	RUSTDOCFLAGS='--deny warnings' cargo doc --workspace --no-deps --locked
	crates/torture/mutants.sh --check
	@if command -v shellcheck >/dev/null; then \
		echo shellcheck $(SCRIPTS); shellcheck $(SCRIPTS); \
	else \
		echo 'shellcheck is not installed: the scripts were not checked'; \
	fi
	@if tool=$$(.ci/tool actionlint); then \
		echo actionlint; $$tool; \
	else \
		echo 'actionlint is not installed: the workflows were not checked'; \
	fi
	@if [ -x .tools/bin/cargo-deny ] || command -v cargo-deny >/dev/null; then \
		$(MAKE) --no-print-directory deny CHECK='bans licenses sources'; \
	else \
		echo 'cargo-deny is not installed (make deny builds it): the libraries were not checked'; \
	fi

.PHONY: deny
deny: ## Check licences, sources, duplicates and known holes of all libraries; CHECK=licenses: one of them
	@tool=$$(.ci/tool cargo-deny) && $$tool --log-level warn check --hide-inclusion-graph $(or $(CHECK),advisories bans licenses sources)

.PHONY: deb
deb: ## Build a Debian package of each service, into target/packages
	@$(SETUP) build deb
	@PROFILE=$(PROFILE) packaging/build.sh deb

.PHONY: test-deb
test-deb: stack ## Install, run, upgrade and purge these on a clean Debian; as root, minutes
	@$(SETUP) packages
	@DEB_VERSION=0.0.1-1 PROFILE=$(PROFILE) packaging/build.sh deb
	@PROFILE=$(PROFILE) packaging/build.sh deb
	@packaging/test-deb.sh

.PHONY: test-systemd
test-systemd: stack ## Boot these in a virtual machine whose systemd starts, kills and stops both; as root, minutes
	@$(SETUP) machine
	@PROFILE=$(PROFILE) packaging/build.sh deb
	@packaging/test-systemd.sh

.PHONY: dist
dist: ## Build an archive with checksums and a bill of materials, into target/packages
	@$(SETUP) build
	@PROFILE=$(PROFILE) packaging/build.sh dist

.PHONY: images
images: ## Build both images for PLATFORMS by docker buildx; ARGS=--push: to where IMAGE_PREFIX says
	@for service in monitor consumer; do \
		docker buildx build --platform $(PLATFORMS) --file Dockerfile.$$service --sbom=true --provenance=true \
			--tag $(IMAGE_PREFIX)/$$service:$(VERSION) $(ARGS) . || exit 1; \
	done

.PHONY: setup
setup: ## Install what is missing, or say what to install
	@$(SETUP) build stack

.PHONY: setup-registry
setup-registry:
	@$(SETUP) registry

.PHONY: build
build: setup
	@for program in devstack monitor consumer; do [ -x $(BIN)/$$program ] || { \
		echo "Building both services and the local stack on $$(nproc) cores; the first time, with" \
			"all libraries, this takes minutes (8 to 17 on two cores)…" >&2; break; }; done
	@cargo build --profile $(PROFILE) --locked $(PROGRAMS)

.PHONY: help
help: ## List these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1@\2/p' $(MAKEFILE_LIST) | \
		while IFS=@ read -r name text; do printf '%-23s %s\n' "$$name" "$$text"; done
