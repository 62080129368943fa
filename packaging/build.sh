#!/bin/sh
# build.sh deb|dist: builds both programs, and packages of them, into target/packages.
set -eu

cd "$(dirname "$0")/.."
out=$PWD/target/packages
# release, or dev: faster to build, to try packages out.
profile=${PROFILE:-release}
case $profile in
    dev) programs=${CARGO_TARGET_DIR:-target}/debug ;;
    *) programs=${CARGO_TARGET_DIR:-target}/$profile ;;
esac
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
# The same bytes from the same commit: what packs takes this for the clock. What compiles is not told, unless whoever
# calls has set it: no clock gets into the programs, and Cargo would build the C libraries, with all that uses them, anew
# for each commit.
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

# The names of functions stay, for backtraces; the tables of lines are four fifths of the file.
build() {
    cargo build --profile "$profile" --locked --workspace --bins
    mkdir -p "$out/bin"
    for program in monitor consumer; do
        strip --strip-debug -o "$out/bin/websites-$program" "$programs/$program"
        folder=$out/manual/$program
        rm -rf "$folder"
        "$programs/$program" manual --name "websites-$program" "$folder"
    done
}

# Debian wants its man pages and its changelog compressed; cargo-deb does that by itself.
deb() {
    tool=$(.ci/tool cargo-deb)
    for program in monitor consumer; do
        "$tool" deb --quiet --no-build --locked --profile "$profile" --package "$program" --output "$out" \
            ${DEB_VERSION:+--deb-version "$DEB_VERSION"}
    done
    ls "$out"/*.deb
}

# What each program is made of, as CycloneDX. The tool writes one beside each manifest of ours, and names our crates by
# where they lie here; that is nobody else's business, and would make other bytes of it in another folder.
bill() {
    tool=$(.ci/tool cargo-cyclonedx)
    "$tool" cyclonedx --quiet --format json --spec-version 1.5 --target "$(rustc --print host-tuple)" \
        --override-filename bill.cdx
    for program in monitor consumer; do
        sed "s|file://$PWD/|file:///|g" "crates/$program/bill.cdx.json" >"$out/$name.$program.cdx.json"
    done
    find crates tests -maxdepth 2 -name bill.cdx.json -delete
}

dist() {
    name=websites-monitor-$version-$(rustc --print host-tuple)
    folder=$out/$name
    rm -rf "$folder" "$out/$name".*
    mkdir -p "$folder/bin" "$folder/share/man/man1" "$folder/share/completions" "$folder/units"
    for program in monitor consumer; do
        cp "$out/bin/websites-$program" "$folder/bin"
        cp "$out/manual/$program"/*.1 "$folder/share/man/man1"
        find "$out/manual/$program" -type f ! -name '*.1' -exec cp {} "$folder/share/completions" \;
        cp "packaging/$program/websites-$program.service" "$folder/units"
    done
    cp -r LICENSE README.md CHANGELOG.md SECURITY.md docs data "$folder"
    tar --create --sort=name --mtime="@$epoch" --mode=u=rwX,go=rX --owner=0 --group=0 --numeric-owner \
        --directory="$out" "$name" | gzip --no-name --best >"$out/$name.tar.gz"
    rm -r "$folder"
    bill
    (cd "$out" && sha256sum "$name".* >"$name.sha256" && cat "$name.sha256")
}

mkdir -p "$out"
case ${1:-} in
    deb | dist)
        build
        export SOURCE_DATE_EPOCH="$epoch"
        "$1"
        ;;
    *)
        echo "build.sh deb|dist" >&2
        exit 2
        ;;
esac
