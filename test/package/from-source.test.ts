// Building from source: wherever a clone lies; and what it says where something to build it with is missing.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
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

test('a path with spaces and with letters that are not ASCII', () => {
  using scratch = new Scratch();
  const clone = scratch.path('où est le clone, größer');
  for (const name of ['binding.gyp', 'package.json', 'src']) {
    cpSync(fromRoot(name), join(clone, name), { recursive: true });
  }
  symlinkSync(fromRoot('node_modules'), join(clone, 'node_modules'));
  const PATH = [fromRoot('node_modules/.bin'), process.env.PATH].join(delimiter);
  const { status, stderr } = spawnSync(process.execPath, [fromRoot('scripts/build-native.mjs')], {
    ...{ cwd: clone, env: { ...process.env, PATH, JOBS: 'max' }, encoding: 'utf8' },
  });
  expect(status, stderr).toBe(0);
  const load = 'console.log(typeof require("./build/Release/afunix.node").raw)';
  expect(`${execFileSync(process.execPath, ['-e', load], { cwd: clone })}`).toBe('object\n');
});

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
