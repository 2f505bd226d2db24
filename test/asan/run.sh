#!/usr/bin/env bash
# The suite on an addon that is built with the address and undefined sanitizers:
#
#   npm run test:asan [-- FILTER...]
#
# It is built in a copy of the package, below build/, so that the real build stays as it is. Whatever
# the sanitizers report from any process of the suite is a failure, also from one whose death a test
# expects.
set -euo pipefail
cd "$(dirname "$0")/../.."
copy=$PWD/build/asan
reports=$copy/reports

rm -rf "$reports" "$copy"/{bench,dist,docs,examples,lib,src,test}
mkdir -p "$reports"
cp -r bench docs examples lib src test ./*.json ./*.ts ./*.md binding.gyp "$copy"
ln -sfn "$PWD/node_modules" "$copy/node_modules"
cd "$copy"

npx tsc -p tsconfig.json
sanitizers='-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=undefined'
CXXFLAGS="$sanitizers -fno-omit-frame-pointer -g" LDFLAGS=$sanitizers \
  npx node-gyp --loglevel=error configure build

# No LeakSanitizer: what Node leaves to the end of the process is not ours.
export ASAN_OPTIONS="detect_leaks=0:detect_stack_use_after_return=1:log_path=$reports/asan"
export UBSAN_OPTIONS="print_stacktrace=1:log_path=$reports/ubsan"
status=0
LD_PRELOAD=$(c++ -print-file-name=libasan.so):$(c++ -print-file-name=libubsan.so) \
  node node_modules/vitest/vitest.mjs run --testTimeout=120000 "$@" || status=$?

if [ -n "$(ls -A "$reports")" ]; then
  cat "$reports"/*
  echo 'the sanitizers reported errors'
  exit 1
fi
exit "$status"
