#!/usr/bin/env bash
# The tests of src/sys, and a suite on an addon that is built with sanitizers:
#
#   npm run test:asan [-- FILTER...]   address and undefined: the whole suite
#   npm run test:asan -- --short       what neither runs other programs for long nor measures memory
#   npm run test:tsan [-- FILTER...]   thread: what uses threads
#
# The addon is built in a copy of the package, below build/, so that the real build stays as it is.
# Whatever a sanitizer reports from any process of the suite is a failure, also from one whose death a
# test expects. Node itself is not instrumented: the thread sanitizer sees what the addon reads and
# writes, and knows of Node's locks, but not of its atomics. That it finds a race there all the same is
# seen first, with one that is planted (race.cc).
set -euo pipefail

# bounded SECONDS COMMAND...: a failure, that says so, if it has not ended by then.
bounded() {
  local status=0
  timeout --kill-after=30 "$@" || status=$?
  [ "$status" != 124 ] && [ "$status" != 137 ] || echo "not done after $1 s: ${*:2}"
  return "$status"
}

cd "$(dirname "$0")/../.."
kind=$1
shift
if [ "${1:-}" = --short ]; then
  shift
  set -- "$@" --exclude test/net/databases.test.ts --exclude "test/datagram/{million,idle-sockets}.test.ts" \
    test/{core,datagram,descriptors,dgram,diagnostics,identity,net,raw,stream}/ \
    test/process/{exits,peer,thousand,worker}
fi
copy=$PWD/build/$kind-sanitizer
reports=$copy/reports
case $kind in
  address)
    sys=-fsanitize=address,undefined
    sanitizers="$sys -fno-sanitize=vptr -fno-sanitize-recover=undefined"
    preload=$(c++ -print-file-name=libasan.so):$(c++ -print-file-name=libubsan.so)
    # No LeakSanitizer: what Node leaves to the end of the process is not ours.
    export ASAN_OPTIONS="detect_leaks=0:detect_stack_use_after_return=1:log_path='$reports/report'"
    export UBSAN_OPTIONS="print_stacktrace=1:log_path='$reports/report'"
    ;;
  thread)
    sys=-fsanitize=thread
    sanitizers=$sys
    preload=$(c++ -print-file-name=libtsan.so)
    # What Node does inside of the C library is Node's.
    export TSAN_OPTIONS="ignore_noninstrumented_modules=1:exitcode=0:log_path='$reports/report'"
    [ $# -gt 0 ] || set -- worker thread-waits
    ;;
esac

# The folder of `npm test` is that of the same sanitizers: what it built there is used again.
build=../../build/sys-tests
[ "$kind" = address ] || build=../../build/$kind-sanitizer/sys
bounded 900 make -s -C test/sys run SAN="$sys" BUILD="$build"

rm -rf "$reports" "$copy"/{bench,dist,docs,examples,lib,scripts,src,test}
mkdir -p "$reports"
cp -r bench docs examples lib scripts src test ./*.json ./*.ts ./*.md binding.gyp "$copy"
ln -sfn "$PWD/node_modules" "$copy/node_modules"
cd "$copy"

bounded 300 npx tsc -p tsconfig.json
CXXFLAGS="$sanitizers -fno-omit-frame-pointer -g" LDFLAGS=$sanitizers \
  bounded 1200 npx node-gyp --loglevel=error configure build

if [ "$kind" = thread ]; then
  race=$copy/build/race.node
  # shellcheck disable=SC2086 # flags
  c++ $sanitizers -g -fPIC -shared -isystem "$(node scripts/node-headers.mjs)" -o "$race" test/sanitizers/race.cc
  LD_PRELOAD=$preload bounded 300 node test/sanitizers/race.cjs "$race"
  if ! grep -qs 'data race.*race.cc' "$reports"/*; then
    echo 'the thread sanitizer did not find the planted race'
    exit 1
  fi
  rm "$reports"/*
fi

status=0
# One file at a time: what a sanitizer slows down does not wait for much.
LD_PRELOAD=$preload bounded 3600 node node_modules/vitest/vitest.mjs run --maxWorkers=1 --testTimeout=120000 \
  "$@" || status=$?

if [ -n "$(ls -A "$reports")" ]; then
  cat "$reports"/*
  echo 'the sanitizers reported errors'
  exit 1
fi
exit "$status"
