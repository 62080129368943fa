#!/usr/bin/env bash
# mutants.sh [NAME...]: builds the consumer with each deliberate fault of mutants/ (or those named),
# tortures it, and says which check found it. Exit status 1: one was not found.
# mutants.sh --check: says whether each still fits the code.
set -euo pipefail

cd "$(dirname "$0")/../.."
here=$PWD
target=${CARGO_TARGET_DIR:-$here/target}
copy=$target/mutants
# Cargo takes programs of two folders for the same where they share one: a mutant must never be left
# in place of the real consumer.
built=$copy/target
seed=${SEED:-1}
names=("$@")
[ ${#names[@]} -gt 0 ] || mapfile -t names < <(basename --suffix=.patch crates/torture/mutants/*.patch)

# A mutant that no longer fits the code proves nothing.
misfits=0
for patch in crates/torture/mutants/*.patch; do
    patch --dry-run --quiet --force --fuzz=0 --strip=1 <"$patch" && continue
    echo "$patch does not fit the code" >&2
    misfits=$((misfits + 1))
done
[ "$misfits" -eq 0 ] || exit 1
[ "${1:-}" != --check ] || exit 0

cargo build --quiet --workspace --example torture
mkdir -p "$copy"
touch "$copy/patched"
survivors=0
for name in "${names[@]}"; do
    patch=$here/crates/torture/mutants/$name.patch
    # The same folder each time, so that only what a mutant changes is built. What the last one
    # changed is older again, which Cargo would not see.
    mkdir -p "$copy/source"
    git ls-files -z --cached --others --exclude-standard |
        xargs -0 cp --preserve=timestamps --parents --target-directory="$copy/source"
    (cd "$copy/source" && xargs --no-run-if-empty touch <"$copy/patched")
    sed -n 's|^+++ b/||p' "$patch" >"$copy/patched"
    patch --quiet --fuzz=0 --strip=1 --directory="$copy/source" <"$patch"
    (cd "$copy/source" && CARGO_TARGET_DIR=$built cargo build --quiet --workspace --bin consumer)
    mv "$built/debug/consumer" "$copy/consumer-$name"
    only=$(sed -n 's/^Faults: //p' "$patch")
    read -ra options < <(sed -n 's/^Options: //p' "$patch"; echo)
    [ ${#options[@]} -gt 0 ] || options=(--records 12000 --faults 12)
    echo "== $name: $(head -1 "$patch")"
    if "$target/debug/examples/torture" --seed "$seed" "${options[@]}" --only "$only" \
        --consumer "$copy/consumer-$name" >"$copy/$name.txt" 2>&1; then
        echo "   NOT FOUND"
        survivors=$((survivors + 1))
    else
        sed -n 's/^  DIFFERS: /   found by: /p' "$copy/$name.txt"
        grep -q DIFFERS "$copy/$name.txt" || { tail -5 "$copy/$name.txt"; survivors=$((survivors + 1)); }
    fi
done
echo "$survivors of ${#names[@]} mutants were not found"
[ "$survivors" -eq 0 ]
