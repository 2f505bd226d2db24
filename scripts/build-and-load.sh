#!/bin/sh
# Builds this system's binary into prebuilds/, holds it to its promises, and runs the suite on it. The
# tests of src/sys are not about the binary, and want a compiler of today: they are CI's.
set -eu
npm ci --ignore-scripts
npm run build:lib
npm run prebuild
node scripts/check-binaries.mjs
npx vitest run
