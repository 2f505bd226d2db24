// What a clone says where something to build it with is missing.
import { spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { expect, inject, test } from 'vitest';
import { fromRoot, programPath } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

const { path } = inject('packed');
const build = (
  PATH: string,
  extra: NodeJS.ProcessEnv = {},
): { status: number | null; stderr: string } =>
  spawnSync(process.execPath, [fromRoot('scripts/build-native.mjs')], {
    encoding: 'utf8',
    env: { PATH, ...extra },
  });

const advice = `\
  Debian, Ubuntu: apt-get install g++ make python3
  Fedora, RHEL:   dnf install gcc-c++ make python3
  Alpine:         apk add g++ make python3
  macOS:          xcode-select --install
The package on the npm registry brings its binaries and needs none of these.
`;

test('nothing of it is there', () => {
  const { status, stderr } = build(path);
  expect(stderr).toBe(
    `afunix: building from source needs a C++17 compiler, make, Python 3: not found on this machine.\n${advice}`,
  );
  expect(status).toBe(1);
});

test('the compiler alone is missing', () => {
  using scratch = new Scratch();
  for (const name of ['make', 'python3']) {
    symlinkSync(programPath(name) as string, scratch.path(name));
  }
  expect(build(scratch.folder).stderr).toBe(
    `afunix: building from source needs a C++17 compiler: not found on this machine.\n${advice}`,
  );
});

test('a compiler that CXX names counts', () => {
  expect(build(path, { CXX: process.execPath }).stderr).toContain('needs make, Python 3:');
});
