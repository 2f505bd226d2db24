#!/usr/bin/env bash
# clang-tidy on src/, by .clang-tidy: npm run check:tidy. Needs clang-tidy and a build of the addon.
set -euo pipefail
cd "$(dirname "$0")/.."
headers=$(node scripts/node-headers.mjs)
clang-tidy --quiet src/*.cc src/*/*.cc -- -std=c++17 -Isrc -DNAPI_VERSION=8 \
  -isystem "$headers"
