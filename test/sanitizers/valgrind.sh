#!/usr/bin/env bash
# memcheck, which sees what the sanitizers do not: memory that was never written, given to the kernel.
# The tests of src/sys, then random calls (test/fuzz) on the addon as it is built, with seeds that
# stay the same: npm run test:valgrind [-- SECONDS], 10 for each.
set -euo pipefail
cd "$(dirname "$0")/../.."
# Fair: memcheck runs one thread at a time, and one that spins would else keep all the time to itself.
memcheck='valgrind --quiet --error-exitcode=99 --fair-sched=yes'

# What does not end is a failure that says so.
bounded() {
  local status=0
  timeout --kill-after=30 "$@" || status=$?
  [ "$status" != 124 ] && [ "$status" != 137 ] || echo "not done after $1 s: ${*:2}"
  return "$status"
}

# Valgrind 3.19 does not know the system calls for pidfds.
bounded 480 make -s -C test/sys run SAN= WITHOUT=pidfd BUILD=../../build/sys-valgrind \
  CXXFLAGS=-DAFUNIX_ONE_THREAD_AT_A_TIME \
  RUN="$memcheck --leak-check=full --errors-for-leak-kinds=definite,possible"
for calls in raw api; do
  bounded $((200 + ${1:-10})) $memcheck --suppressions=test/sanitizers/node.supp \
    node "test/fuzz/$calls.mjs" 1 "$((1000 * ${1:-10}))"
done
