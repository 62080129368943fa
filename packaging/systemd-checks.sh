#!/bin/bash
# systemd-checks.sh: what test-systemd.sh lets the virtual machine's systemd do with both units.
set -uo pipefail

PATIENCE_SECONDS=120
units='websites-monitor websites-consumer'

fail() {
    echo "FAILED: $*"
    journalctl --no-pager --lines=60
    exit 1
}

await() {
    local what=$1
    shift
    for _ in $(seq "$PATIENCE_SECONDS"); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 1
    done
    fail "waited in vain: $what"
}

are_ready() {
    curl --fail --silent 127.0.0.1:8080/readyz && curl --fail --silent 127.0.0.1:8081/readyz
}

# said UNIT TEXT [OPTION...]. All is read (no grep -q): who writes into a pipe that was closed has failed.
said() {
    local unit=$1 text=$2
    shift 2
    journalctl --quiet --no-pager --output=cat --unit="$unit" "$@" | grep "$text" >/dev/null
}

has_started_again() {
    for unit in $units; do
        [ "$(systemctl show --property=NRestarts --value "$unit")" -ge "$1" ] &&
            systemctl --quiet is-active "$unit" || return 1
    done
}

echo "== start: $(systemctl --version | head -n 1)"
# shellcheck disable=SC2086 # Two words.
systemctl start $units || fail "start"
await "both are ready" are_ready
for unit in $units; do
    systemd-analyze security --no-pager "$unit" | tail -n 1
    [ "$(systemctl show --property=StatusText --value "$unit")" = ready ] || fail "the status of $unit"
done

echo "== reload"
echo 'http://127.0.0.1:9/reloaded' >>/etc/websites-monitor/urls.csv
systemctl reload websites-monitor || fail "reload"
await "the new target is checked" said websites-monitor 9/reloaded

echo "== commands by hand, by the lines of docs/operations.md"
eval "$(sed -n '/^by_hand() {/,/^```/p' /usr/share/doc/websites-consumer/docs/operations.md | grep -v '^```')"
consumer status | tee /dev/stderr | grep '^partition 0: next' >/dev/null || fail "consumer status"
monitor targets | tee /dev/stderr | grep 9/reloaded >/dev/null || fail "monitor targets"

echo "== killed, they are started again"
for unit in $units; do systemctl kill --signal=KILL "$unit"; done
await "they are started again" has_started_again 1
await "both are ready again" are_ready

echo "== frozen, they are killed by the watchdog"
for unit in $units; do systemctl kill --signal=STOP "$unit"; done
await "they are started again" has_started_again 2
await "both are ready again" are_ready

echo "== stop drains"
for unit in $units; do
    systemctl stop "$unit"
    [ "$(systemctl show --property=Result --value "$unit")" = success ] || fail "the end of $unit"
    said "$unit" Drained || fail "$unit did not drain"
done

echo "== bad settings are not tried again, and stand in the journal as an error"
echo DNS_TIMEOUT=soon >>/etc/websites-monitor/monitor.env
systemctl start websites-monitor 2>/dev/null && fail "it starts with nonsense"
said websites-monitor 'DNS_TIMEOUT: "soon"' --priority=err || fail "no error in the journal"
[ "$(systemctl show --property=ActiveState --value websites-monitor)" = failed ] || fail "it is tried again"

echo "== purge"
MANPAGER="cat" man websites-consumer-verify | grep DESCRIPTION >/dev/null || fail "man"
# shellcheck disable=SC2086
apt-get -qq purge --yes $units >/dev/null 2>&1 || fail "purge"
# What man-db keeps of a page that was read is its own.
left=$(find / -xdev -path '*websites-*' -not -path '/proc/*' -not -path '/packages/*' -not -path '/var/log/*' -not -path '/var/cache/man/*')
[ -z "$left" ] || fail "purge leaves $left"
echo "PASSED: started, reloaded, killed, frozen, stopped, purged"
