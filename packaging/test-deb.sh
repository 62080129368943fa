#!/bin/bash
# test-deb.sh: installs the packages of target/packages on a clean Debian in a folder of its own, runs both
# programs there against the local Kafka and PostgreSQL, upgrades, removes, purges. As root; `make test-deb`.
#
# There is no systemd in that Debian: what its units say is checked by systemd-analyze here, and what they would
# start is started by hand, as the same user with the same settings. test-systemd.sh has a systemd.
set -euo pipefail

[ "$(id -u)" -eq 0 ] || {
    echo "test-deb.sh needs root" >&2
    exit 1
}
# In a mount namespace of its own: what is mounted in there ends with it, and nothing outside is touched.
[ "${1:-}" = --inside ] || exec unshare --mount --propagation private "$0" --inside
cd "$(dirname "$0")/.."
PATIENCE_SECONDS=60
export SUITE=${SUITE:-bookworm}
packages=$PWD/target/packages
root=$(mktemp -d /tmp/websites-deb.XXXXXX)
# Its users are others than root.
chmod 0755 "$root"
running=()

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

step() {
    echo "== $*"
}

tidy() {
    for pid in "${running[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
    if mountpoint --quiet "$root/proc"; then umount --lazy "$root/proc"; fi
    rm -rf --one-file-system "$root"
}
trap tidy EXIT

# inside COMMAND...: as root in there.
inside() {
    chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"
}

make_root() {
    step "Debian $SUITE in $root"
    packaging/debian-root.sh "$root" || fail "debootstrap"
    cp /etc/resolv.conf /etc/hosts "$root/etc"
    mount --bind /proc "$root/proc"
    inside apt-get -qq update
}

# put VERSION: installs both packages of a version.
put() {
    rm -rf "$root/packages"
    mkdir "$root/packages"
    cp "$packages"/*_"$1"_*.deb "$root/packages"
    inside sh -c 'apt-get install --quiet --quiet --yes --no-install-recommends /packages/*.deb' >"$root/apt.log" 2>&1 ||
        { cat "$root/apt.log"; fail "apt-get install"; }
}

# run NAME SETTINGS: as its unit would, with its user and its settings file.
run() {
    local name=$1
    inside install --directory --owner="websites-$name" --mode=0700 "/var/lib/websites-$name"
    # shellcheck disable=SC2016 # It is the inner shell that expands them.
    chroot --userspec="websites-$name:websites-$name" "$root" env -i PATH=/usr/bin:/bin \
        STATE_DIR="/var/lib/websites-$name" URLS_FILE=/etc/websites-monitor/urls.csv \
        "${settings[@]}" "/usr/bin/websites-$name" run >"$root/$name.log" 2>&1 &
    running+=($!)
}

# settings_of NAME: what the unit reads, as `env` takes it.
settings_of() {
    mapfile -t settings < <(grep -v '^#' "$root/etc/websites-$1/$1.env" | grep "=")
}

await() {
    local what=$1
    shift
    for _ in $(seq "$PATIENCE_SECONDS"); do
        if "$@"; then return; fi
        sleep 1
    done
    tail "$root"/*.log
    fail "waited in vain: $what"
}

stop_all() {
    kill -TERM "${running[@]}"
    for pid in "${running[@]}"; do wait "$pid" || fail "a service ended with status $?"; done
    running=()
}

rows() {
    psql --no-psqlrc --quiet --tuples-only --no-align --command 'SELECT count(*) FROM results' "$uri" 2>/dev/null || echo 0
}

has_rows() {
    [ "$(rows)" -gt "$1" ]
}

# changed FILE LINE: as an operator would; LINE takes the place of the one that begins so.
changed() {
    local file=$root$1 name=${2%%=*}
    sed -i "/^$name=/d" "$file"
    echo "$2" >>"$file"
}

units() {
    step "systemd-analyze"
    for unit in monitor consumer; do
        # That the program is not on this machine is not the unit's fault.
        wrong=$(systemd-analyze verify --man=no "packaging/$unit/websites-$unit.service" 2>&1 |
            grep "websites-$unit" | grep -v 'is not executable' || true)
        [ -z "$wrong" ] || fail "systemd-analyze verify: $wrong"
        score=$(systemd-analyze security --offline=true --no-pager "packaging/$unit/websites-$unit.service" |
            sed -n 's/.*exposure level.*: \([0-9.]*\).*/\1/p')
        echo "websites-$unit.service: $score"
        awk -v score="$score" 'BEGIN { exit !(score != "" && score <= 2) }' || fail "its exposure is above 2"
    done
}

[ -f .devstack/env ] || fail "needs the local stack: make stack"
# shellcheck disable=SC1091 # It is made by make stack.
. .devstack/env
topic=packages-$$
database=packages_$$
psql --quiet --command "CREATE DATABASE $database" "$PG_URI"
uri=${PG_URI%/*}/$database
drop() {
    psql --quiet --command "DROP DATABASE IF EXISTS $database WITH (FORCE)" "$PG_URI"
    tidy
}
trap drop EXIT

versions=$(find "$packages" -name 'websites-monitor_*.deb' | cut -d_ -f2 | sort --version-sort)
old=$(head -n 1 <<<"$versions")
new=$(tail -n 1 <<<"$versions")
[ "$old" != "$new" ] || fail "needs two versions in target/packages"

make_root
step "apt install $old"
put "$old"
units
inside websites-monitor --version
for unit in monitor consumer; do
    inside getent passwd "websites-$unit" >/dev/null || fail "user"
    [ "$(stat -c '%a %U' "$root/etc/websites-$unit/$unit.env")" = "600 root" ] || fail "the mode of $unit.env"
done
[ "$(stat -c %a "$root/etc/websites-monitor/credentials")" = 700 ] || fail "the folder of keys is open"
[ -s "$root/usr/share/bash-completion/completions/websites-monitor" ] || fail "completions"
ls "$root/usr/share/man/man1/websites-consumer-verify.1"* >/dev/null || fail "man pages"

step "both run, on the settings files"
for unit in monitor consumer; do
    changed "/etc/websites-$unit/$unit.env" "BOOTSTRAP_SERVERS=$BOOTSTRAP_SERVERS"
    changed "/etc/websites-$unit/$unit.env" "SECURITY_PROTOCOL=PLAINTEXT"
    changed "/etc/websites-$unit/$unit.env" "TOPIC_NAME=$topic"
    changed "/etc/websites-$unit/$unit.env" "HTTP_LISTEN=127.0.0.1:0"
done
changed /etc/websites-monitor/monitor.env "WEBSITES_CHECK_INTERVAL=1"
changed /etc/websites-consumer/consumer.env "PG_URI=$uri"
changed /etc/websites-consumer/consumer.env "CONSUMER_GROUP=$topic"
# Nobody listens there: a row all the same, as of any site that is down.
echo 'http://127.0.0.1:9/,' >>"$root/etc/websites-monitor/urls.csv"
for unit in monitor consumer; do settings_of "$unit" && run "$unit"; done
await "rows" has_rows 2
stop_all
before=$(rows)

step "apt upgrade to $new keeps settings"
put "$new"
grep -q "^TOPIC_NAME=$topic$" "$root/etc/websites-consumer/consumer.env" || fail "the upgrade took settings"
grep -q 127.0.0.1:9 "$root/etc/websites-monitor/urls.csv" || fail "the upgrade took targets"
for unit in monitor consumer; do settings_of "$unit" && run "$unit"; done
await "more rows" has_rows "$before"
stop_all

step "apt remove keeps settings and state"
inside apt-get -qq remove --yes websites-monitor websites-consumer >/dev/null 2>&1
[ ! -e "$root/usr/bin/websites-monitor" ] || fail "the program stays"
[ -f "$root/etc/websites-monitor/urls.csv" ] || fail "settings are gone"
[ -d "$root/var/lib/websites-monitor" ] || fail "the state is gone"

step "apt purge takes them"
inside apt-get -qq purge --yes websites-monitor websites-consumer >/dev/null 2>&1
for folder in etc/websites-monitor etc/websites-consumer var/lib/websites-monitor; do
    [ ! -e "$root/$folder" ] || fail "$folder stays"
done
echo "PASSED: installed, run, upgraded, removed, purged ($old, $new)"
