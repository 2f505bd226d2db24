#!/usr/bin/env bash
# clang-tidy on src/, by .clang-tidy: npm run check:tidy. Needs clang-tidy and a build of the addon.
set -euo pipefail
cd "$(dirname "$0")/.."
headers=$(node scripts/node-headers.mjs)
shopt -s extglob
# glibc_floor.cc defines again what libstdc++ declares, for gcc alone.
clang-tidy --quiet src/!(glibc_floor).cc src/*/*.cc -- -std=c++17 -Isrc -DNAPI_VERSION=8 \
  -isystem "$headers"
