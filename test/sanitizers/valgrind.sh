#!/usr/bin/env bash
# memcheck, which sees what the sanitizers do not: memory that was never written, given to the kernel.
# The tests of src/sys, then random calls (test/fuzz) on the addon as it is built, with seeds that
# stay the same: npm run test:valgrind [-- SECONDS], 10 for each.
set -euo pipefail
cd "$(dirname "$0")/../.."
memcheck='valgrind --quiet --error-exitcode=99'

make -s -C test/sys run SAN= BUILD="$PWD/build/sys-valgrind" \
  RUN="$memcheck --leak-check=full --errors-for-leak-kinds=definite,possible"
for calls in raw api; do
  $memcheck --suppressions=test/sanitizers/node.supp \
    node "test/fuzz/$calls.mjs" 1 "$((1000 * ${1:-10}))"
done
