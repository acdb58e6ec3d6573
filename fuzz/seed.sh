#!/usr/bin/env bash
# fuzz/seed.sh [TARGET]: copies the seeds of fuzz/seeds.txt to fuzz/corpus/TARGET, beside what runs have found.
set -euo pipefail
cd "$(dirname "$0")/.."

seed() {
  local target=$1 path file
  shift
  mkdir -p "fuzz/corpus/$target"
  for path in "$@" "fuzz/seeds/$target"; do
    [ -e "$path" ] || continue
    find "$path" -maxdepth 1 -type f -size -100k -print0 | while IFS= read -r -d '' file; do
      # Seeds of one content are one file, whatever folder they come from.
      cp "$file" "fuzz/corpus/$target/seed-$(sha256sum <"$file" | cut -c1-16)"
    done
  done
}

while read -r target paths; do
  case $target in '' | '#'*) continue ;; esac
  # shellcheck disable=SC2086  # a list of paths
  if [ -z "${1:-}" ] || [ "$1" = "$target" ]; then seed "$target" $paths; fi
done <fuzz/seeds.txt
