#!/usr/bin/env bash
# fuzz/run.sh TARGET|all SECONDS: fuzzes each target for so long, from its seeds and what earlier runs found.
# Needs a nightly toolchain (rustup toolchain install nightly) and a C++ compiler; brings cargo-fuzz itself.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  echo "usage: fuzz/run.sh TARGET|all SECONDS" >&2
  echo "targets: $targets" >&2
  exit 2
}

targets=$(sed -n 's|^path = "fuzz_targets/\(.*\)\.rs"|\1|p' fuzz/Cargo.toml | tr '\n' ' ')
[ $# -eq 2 ] || usage
case $1 in all) chosen=$targets ;; *) chosen=$1 ;; esac
case " $targets" in *" ${chosen%% *} "*) ;; *) usage ;; esac

if ! rustc +nightly --version >/dev/null 2>&1; then
  echo "fuzz/run.sh needs a nightly toolchain, for the address sanitizer: rustup toolchain install nightly" >&2
  exit 3
fi
cargo fuzz --version >/dev/null 2>&1 || cargo install --locked cargo-fuzz

# The versions that are shipped are the versions that are fuzzed.
cp Cargo.lock fuzz/Cargo.lock
fuzz/seed.sh

# Readers take paths: their files go to memory where the system has such a folder.
memory=$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")
TMPDIR=$(mktemp -d -p "$memory" bench-fuzz.XXXXXX)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

found=()
for target in $chosen; do
  printf '\n== %s, %s s\n' "$target" "$2"
  cargo +nightly fuzz run "$target" -- \
    -max_total_time="$2" -timeout=20 -rss_limit_mb=3072 -max_len=131072 -print_final_stats=1 || found+=("$target")
done
if [ ${#found[@]} -gt 0 ]; then
  echo "found something in: ${found[*]} (fuzz/artifacts/TARGET; fuzz/README.md says what to do)" >&2
  exit 1
fi
