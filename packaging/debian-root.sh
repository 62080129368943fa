#!/bin/sh
# debian-root.sh FOLDER PACKAGE...: a clean Debian in a folder, with this machine's way to Debian's packages, and these
# packages besides.
set -eu

root=$1
shift
suite=${SUITE:-bookworm}
more=$(echo "$*" | tr ' ' ,)
# shellcheck disable=SC2016 # The placeholder is apt's.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $suite" | sed -n 1p)
debootstrap --variant=minbase ${more:+"--include=$more"} "$suite" "$root" ${mirror:+"$mirror"} >"$root.log" 2>&1 || {
    tail "$root.log"
    echo "debootstrap failed" >&2
    exit 1
}
rm "$root.log"
apt-config dump | grep -E '^Acquire::(Check-|Retries|http)' >"$root/etc/apt/apt.conf.d/90host" || true
