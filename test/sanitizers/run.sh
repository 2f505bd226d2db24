#!/usr/bin/env bash
# The tests of src/sys, and a suite on an addon that is built with sanitizers:
#
#   npm run test:asan [-- FILTER...]   address and undefined: the whole suite
#   npm run test:tsan [-- FILTER...]   thread: what uses worker threads
#
# The addon is built in a copy of the package, below build/, so that the real build stays as it is.
# Whatever a sanitizer reports from any process of the suite is a failure, also from one whose death a
# test expects. Node itself is not instrumented: the thread sanitizer sees what the addon reads and
# writes, and knows of Node's locks, but not of its atomics.
set -euo pipefail
cd "$(dirname "$0")/../.."
kind=$1
shift
copy=$PWD/build/$kind-sanitizer
reports=$copy/reports
case $kind in
  address)
    sys=-fsanitize=address,undefined
    sanitizers="$sys -fno-sanitize=vptr -fno-sanitize-recover=undefined"
    preload=$(c++ -print-file-name=libasan.so):$(c++ -print-file-name=libubsan.so)
    # No LeakSanitizer: what Node leaves to the end of the process is not ours.
    export ASAN_OPTIONS="detect_leaks=0:detect_stack_use_after_return=1:log_path=$reports/report"
    export UBSAN_OPTIONS="print_stacktrace=1:log_path=$reports/report"
    ;;
  thread)
    sys=-fsanitize=thread
    sanitizers=$sys
    preload=$(c++ -print-file-name=libtsan.so)
    # What Node does inside of the C library is Node's.
    export TSAN_OPTIONS="ignore_noninstrumented_modules=1:exitcode=0:log_path=$reports/report"
    [ $# -gt 0 ] || set -- worker
    ;;
esac

make -s -C test/sys run SAN="$sys" BUILD="$copy/sys"

rm -rf "$reports" "$copy"/{bench,dist,docs,examples,lib,src,test}
mkdir -p "$reports"
cp -r bench docs examples lib src test ./*.json ./*.ts ./*.md binding.gyp "$copy"
ln -sfn "$PWD/node_modules" "$copy/node_modules"
cd "$copy"

npx tsc -p tsconfig.json
CXXFLAGS="$sanitizers -fno-omit-frame-pointer -g" LDFLAGS=$sanitizers \
  npx node-gyp --loglevel=error configure build

status=0
LD_PRELOAD=$preload node node_modules/vitest/vitest.mjs run --testTimeout=120000 "$@" || status=$?

if [ -n "$(ls -A "$reports")" ]; then
  cat "$reports"/*
  echo 'the sanitizers reported errors'
  exit 1
fi
exit "$status"
