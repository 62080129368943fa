# websites-monitor: `make help` says what there is.

# What run, demo and run-* are built with: release, or dev (faster to build, slower to run).
PROFILE ?= release

SETUP := crates/devstack/setup.sh
TARGET := $(or $(CARGO_TARGET_DIR),target)
# Cargo keeps what it builds by the profile dev in a folder called debug.
BIN := $(TARGET)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
DEVSTACK := $(BIN)/devstack

.DEFAULT_GOAL := help

.PHONY: run
run: build ## Run everything here: Kafka, PostgreSQL and both services; Ctrl-C ends it
	@$(DEVSTACK) run

.PHONY: demo
demo: build ## The same over sample sites of its own, well, slow and failing
	@$(DEVSTACK) run --demo

.PHONY: run-monitor
run-monitor: build-monitor ## Run the monitor alone, by the environment's or .env's settings
	@$(DEVSTACK) exec monitor

.PHONY: run-consumer
run-consumer: build-consumer ## Run the consumer alone, by the environment's or .env's settings
	@$(DEVSTACK) exec consumer

.PHONY: stack
stack: build-devstack ## Start the local Kafka and PostgreSQL in the background
	@$(DEVSTACK) up

.PHONY: stack-stop
stack-stop: build-devstack ## Stop them; their data stays
	@$(DEVSTACK) down

.PHONY: test
test: setup ## Run all tests; they start a Kafka and a PostgreSQL of their own
	@cargo build --workspace --bins --locked
	@cargo test --workspace --locked

.PHONY: lint
lint: ## Check format, lints, documentation and scripts
	@$(SETUP) build lint
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- --deny warnings
	RUSTDOCFLAGS='--deny warnings' cargo doc --workspace --no-deps --locked
	@if command -v shellcheck >/dev/null; then \
		echo shellcheck $(SETUP) .ci/run; shellcheck $(SETUP) .ci/run; \
	else \
		echo 'shellcheck is not installed: the scripts were not checked'; \
	fi

.PHONY: setup
setup: ## Install what is missing, or say what to install
	@$(SETUP) build stack

.PHONY: build
build: setup
	@cargo build --profile $(PROFILE) --locked --package devstack --package monitor --package consumer

.PHONY: build-devstack
build-devstack: setup
	@cargo build --profile $(PROFILE) --locked --package devstack

.PHONY: build-monitor build-consumer
build-monitor build-consumer: build-%: setup
	@cargo build --profile $(PROFILE) --locked --package devstack --package $*

.PHONY: help
help: ## List these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1@\2/p' $(MAKEFILE_LIST) | \
		while IFS=@ read -r name text; do printf '%-20s %s\n' "$$name" "$$text"; done
