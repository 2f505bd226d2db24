#!/bin/sh
# Builds this system's binary into prebuilds/, holds it to its promises, and runs the tests on it.
set -eu
npm ci --ignore-scripts
npm run build:lib
npm run prebuild
node scripts/check-binaries.mjs
npm test
