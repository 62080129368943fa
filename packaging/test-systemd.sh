#!/bin/bash
# test-systemd.sh: boots a Debian with the packages of target/packages in a virtual machine, and lets its systemd start,
# reload, kill and stop both services against the local Kafka and PostgreSQL. As root; `make test-systemd`.
#
# What is tried there stands in systemd-checks.sh. Without /dev/kvm the machine is emulated, and takes minutes to boot.
set -euo pipefail

cd "$(dirname "$0")/.."
BOOT_SECONDS_MAX=1200
packages=$PWD/target/packages
work=$(mktemp -d /tmp/websites-systemd.XXXXXX)
root=$work/root
[ -f .devstack/env ] || {
    echo "test-systemd.sh needs the local stack: make stack" >&2
    exit 1
}
# shellcheck disable=SC1091 # It is made by make stack.
. .devstack/env
topic=systemd-$$
database=systemd_$$
psql --quiet --command "CREATE DATABASE $database" "$PG_URI"
drop() {
    psql --quiet --command "DROP DATABASE IF EXISTS $database WITH (FORCE)" "$PG_URI"
    rm -rf --one-file-system "$work"
}
trap drop EXIT
uri=${PG_URI%/*}/$database
kafka_port=${BOOTSTRAP_SERVERS##*:}
postgres_port=${PG_URI##*:}
postgres_port=${postgres_port%%/*}

# forward PORT: the machine's loopback leads to ours, so that Kafka's own word on where it is holds in there, too.
forward() {
    printf '[Socket]\nListenStream=127.0.0.1:%s\n' "$1" >"$root/etc/systemd/system/forward-$1.socket"
    printf '[Service]\nExecStart=/lib/systemd/systemd-socket-proxyd 10.0.2.2:%s\n' "$1" \
        >"$root/etc/systemd/system/forward-$1.service"
    printf '[Install]\nWantedBy=sockets.target\n' >>"$root/etc/systemd/system/forward-$1.socket"
    inside systemctl --quiet enable "forward-$1.socket"
}

inside() {
    chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"
}

settings() {
    for unit in monitor consumer; do
        sed -i '/^\(BOOTSTRAP_SERVERS\|SECURITY_PROTOCOL\|TOPIC_NAME\|PG_URI\)=/d' "$root/etc/websites-$unit/$unit.env"
        printf '%s\n' "BOOTSTRAP_SERVERS=127.0.0.1:$kafka_port" SECURITY_PROTOCOL=PLAINTEXT "TOPIC_NAME=$topic" \
            >>"$root/etc/websites-$unit/$unit.env"
    done
    printf '%s\n' "PG_URI=$uri" "CONSUMER_GROUP=$topic" >>"$root/etc/websites-consumer/consumer.env"
    echo WEBSITES_CHECK_INTERVAL=2 >>"$root/etc/websites-monitor/monitor.env"
    printf 'url\nhttp://127.0.0.1:9/\nhttp://localhost:8081/healthz\n' >"$root/etc/websites-monitor/urls.csv"
}

# What is to be seen ends at the serial console, and the machine with it.
checks() {
    cp packaging/systemd-checks.sh "$root/checks.sh"
    cat >"$root/etc/systemd/system/checks.service" <<'UNIT'
[Unit]
After=multi-user.target network-online.target
[Service]
Type=oneshot
ExecStart=/bin/bash /checks.sh
StandardOutput=file:/dev/ttyS0
StandardError=inherit
ExecStopPost=systemctl poweroff --force
[Install]
WantedBy=graphical.target
UNIT
    inside systemctl --quiet enable checks systemd-networkd
    inside systemctl --quiet mask serial-getty@ttyS0
    printf '[Match]\nName=en*\n[Network]\nDHCP=ipv4\n' >"$root/etc/systemd/network/10-all.network"
    printf 'nameserver 10.0.2.3\n' >"$root/etc/resolv.conf"
    printf '127.0.0.1 localhost machine\n' >"$root/etc/hosts"
    echo machine >"$root/etc/hostname"
    echo '/dev/vda / ext4 defaults 0 1' >"$root/etc/fstab"
}

boot() {
    mke2fs -q -t ext4 -d "$root" "$work/disk" 3G >/dev/null
    # qemu's own choice: the first that works here.
    timeout "$BOOT_SECONDS_MAX" qemu-system-x86_64 -accel "${ACCEL:-tcg}" -cpu max -smp 2 -m 1024 \
        -kernel "$root/vmlinuz" -initrd "$root/initrd.img" \
        -append 'root=/dev/vda rw console=ttyS0 quiet systemd.show_status=0' \
        -drive "file=$work/disk,format=raw,if=virtio" -nic user,model=virtio-net-pci \
        -display none -monitor none -no-reboot -serial stdio </dev/null | tee "$work/console"
    grep -q PASSED "$work/console"
}

mkdir "$root"
echo "== a Debian with systemd and a kernel"
packaging/debian-root.sh "$root" systemd-sysv linux-image-cloud-amd64 dbus iproute2 curl man-db bash-completion
mkdir "$root/packages"
for program in monitor consumer; do
    # The newest of what was built.
    cp "$(find "$packages" -name "websites-${program}_*.deb" | sort --version-sort | tail -n 1)" "$root/packages"
done
cp /etc/resolv.conf "$root/etc"
inside apt-get -qq update
inside sh -c 'apt-get install -qq --yes --no-install-recommends /packages/*.deb' >"$work/apt.log" 2>&1 || {
    cat "$work/apt.log"
    exit 1
}
settings
forward "$kafka_port"
forward "$postgres_port"
checks
echo "== boot"
boot
