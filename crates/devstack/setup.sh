#!/bin/sh
# setup.sh PART...: installs what this machine lacks for the named parts, or says what to install.
#   build     what the services are compiled with
#   stack     what the local Kafka and PostgreSQL need
#   registry  what a schema registry needs besides
#   tests     what the tests need besides, with a registry
#   lint      what the checks of the scripts need
#   deb       what Debian packages are made with besides
#   packages  what the test of the packages needs
#   machine   what their test in a virtual machine needs besides
# On Debian, Ubuntu and their relatives it installs by apt, as root or by sudo. It takes a fraction of
# a second when nothing is missing.
set -eu

JAVA_MAJOR_MIN=17
APT_ATTEMPTS_MAX=3
APT_PAUSE_SECONDS=5

packages='' # for apt
advice=''   # for people
rust=''     # how to get it: nothing that apt or we install

has() {
    command -v "$1" >/dev/null 2>&1
}

# wants PACKAGE ADVICE
wants() {
    packages="$packages $1"
    advice="$advice
  - $2"
}

java_major() {
    if [ -n "${JAVA_HOME:-}" ]; then
        java=$JAVA_HOME/bin/java
    else
        java=java
    fi
    major=$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9][0-9]*\).*/\1/p' | head -n 1) || true
    echo "${major:-0}"
}

# Debian's default is too old on some releases that have a newer one besides.
java_package() {
    default=$(apt-cache policy default-jre-headless 2>/dev/null |
        sed -n 's/.*Candidate: [0-9]*:1\.\([0-9][0-9]*\).*/\1/p')
    if [ "${default:-0}" -ge "$JAVA_MAJOR_MIN" ]; then
        echo default-jre-headless
    else
        echo "openjdk-$JAVA_MAJOR_MIN-jre-headless"
    fi
}

# Rustup fetches the version that the checkout asks for; Cargo from elsewhere is what it is.
has_rust() {
    has rustup && return 0
    wanted=$(sed -n 's/^rust-version = "1\.\([0-9]*\).*/\1/p' Cargo.toml)
    minor=$(cargo --version 2>/dev/null | sed -n 's/^cargo 1\.\([0-9]*\).*/\1/p') || true
    [ "${minor:-0}" -ge "$wanted" ]
}

has_postgres() {
    for folder in $(echo "$PATH" | tr ':' ' ') /usr/lib/postgresql/*/bin; do
        if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
            return 0
        fi
    done
    return 1
}

need_build() {
    has_rust || rust='Rust is missing, or too old. Install it as https://rustup.rs says and try again:
  curl --proto =https --tlsv1.2 -sSf https://sh.rustup.rs | sh'
    { has cc && has c++ && has make; } || wants build-essential 'a C and C++ compiler, and make'
    has pkg-config || wants pkg-config 'pkg-config'
    pkg-config --exists openssl 2>/dev/null || wants libssl-dev "OpenSSL's headers"
}

need_stack() {
    [ "$(uname)" = Linux ] || {
        echo 'The local Kafka and PostgreSQL are run on Linux only; elsewhere use: docker compose up' >&2
        exit 1
    }
    [ "$(java_major)" -ge "$JAVA_MAJOR_MIN" ] ||
        wants @java "Java $JAVA_MAJOR_MIN or later, as java in the PATH or by JAVA_HOME"
    ls .devstack/kafka-*/kafka-clients-*.jar >/dev/null 2>&1 || has mvn ||
        wants maven 'Apache Maven, as mvn in the PATH'
    has_postgres || wants postgresql "PostgreSQL's server (initdb and postgres), 14 or later"
    has psql || wants postgresql-client "PostgreSQL's client, psql"
    has setsid || wants util-linux 'setsid, of util-linux'
}

need_registry() {
    ls .devstack/registry-*/*-runner.jar >/dev/null 2>&1 || has mvn ||
        wants maven 'Apache Maven, as mvn in the PATH'
}

need_tests() {
    need_registry
    has prometheus-alertmanager || wants prometheus-alertmanager "Prometheus' Alertmanager, as prometheus-alertmanager"
    { has prometheus && has promtool; } || wants prometheus 'Prometheus, as prometheus and promtool'
    has chromium || wants chromium 'Chromium, as chromium'
    has chromedriver || wants chromium-driver "Chromium's driver, as chromedriver"
}

need_lint() {
    # The checks are complete without it wherever it cannot be installed at once.
    has shellcheck || packages="$packages shellcheck"
}

need_deb() {
    # Without it they would be built all the same, and name no library that they need.
    has dpkg-shlibdeps || wants dpkg-dev 'dpkg-shlibdeps, of dpkg-dev'
}

need_packages() {
    need_deb
    has debootstrap || wants debootstrap 'debootstrap'
    has unshare || wants util-linux 'unshare, of util-linux'
    has systemd-analyze || wants systemd 'systemd-analyze, of systemd'
}

need_machine() {
    need_packages
    has qemu-system-x86_64 || wants qemu-system-x86 'QEMU, as qemu-system-x86_64'
    has mke2fs || wants e2fsprogs 'mke2fs, of e2fsprogs'
}

# as_root COMMAND...
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Asks for the password only where somebody can type it, and once.
can_apt() {
    has apt-get || return 1
    [ "$(id -u)" -eq 0 ] && return 0
    has sudo || return 1
    sudo -n true 2>/dev/null && return 0
    [ -t 0 ] || return 1
    echo "Installing$(package_names) by apt; sudo may ask for your password." >&2
    sudo -v
}

# package_names: what apt is to install, each after a space.
package_names() {
    for package in $packages; do
        case $package in
            @java) package=$(java_package) ;;
        esac
        printf ' %s' "$package"
    done
}

# The last line is for pasting.
advise() {
    echo "Some things are missing here:$advice" >&2
    if has apt-get; then
        echo "Install them and try again (as root, this is done for you):" >&2
        echo "  sudo apt-get install --no-install-recommends$(package_names)" >&2
    else
        echo "Install them and try again." >&2
    fi
}

# apt ARGUMENT...: tries again when the network fails for a moment.
apt() {
    attempt=1
    until as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 \
        -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1; do
        if [ "$attempt" -ge "$APT_ATTEMPTS_MAX" ]; then
            cat "$log" >&2
            echo "apt-get $* failed $attempt times; see above" >&2
            exit 1
        fi
        attempt=$((attempt + 1))
        sleep "$APT_PAUSE_SECONDS"
    done
}

# Debian's package starts a server of its own when it is installed; nobody asked for that one.
install_postgres() {
    apt install -y --no-install-recommends postgresql-common
    as_root mkdir -p /etc/postgresql-common/createcluster.d
    quiet=/etc/postgresql-common/createcluster.d/no-main-cluster.conf
    echo 'create_main_cluster = false' | as_root tee "$quiet" >/dev/null
    apt install -y --no-install-recommends postgresql
    as_root rm "$quiet"
}

# install_without_server PACKAGE: these packages, too, start a server of their own; a masked one is not
# started.
install_without_server() {
    units=/etc/systemd/system
    as_root mkdir -p "$units"
    as_root ln -sf /dev/null "$units/$1.service"
    apt install -y --no-install-recommends "$1"
    as_root rm -f "$units/$1.service" "$units/multi-user.target.wants/$1.service"
}

install() {
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    apt update
    # Java's package wants a folder for its manual page, which small images lack.
    as_root mkdir -p /usr/share/man/man1
    for package in $(package_names); do
        echo "Installing $package…" >&2
        case $package in
            postgresql) install_postgres ;;
            prometheus | prometheus-alertmanager) install_without_server "$package" ;;
            *) apt install -y --no-install-recommends "$package" ;;
        esac
    done
}

cd "$(dirname "$0")/../.."
for part in "$@"; do
    case $part in
        build | stack | registry | tests | lint | deb | packages | machine) "need_$part" ;;
        *)
            echo "setup.sh: there is no part called $part" >&2
            exit 2
            ;;
    esac
done
[ -z "$rust" ] || echo "$rust" >&2
if [ -n "$packages" ]; then
    if can_apt; then
        install
    elif [ -n "$advice" ]; then
        advise
        exit 1
    fi
fi
[ -z "$rust" ]
