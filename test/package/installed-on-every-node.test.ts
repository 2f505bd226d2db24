// The installed package works by import and by require, where nothing can be compiled.
import { spawnSync } from 'node:child_process';
import { arch, platform } from 'node:process';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { describeWith, programPath } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';
import { fromRegistry } from './npm.js';

const { app, path } = inject('packed');
const env = { ...process.env, PATH: path, NODE_OPTIONS: '' };
const majors = ['20', '22', '24', '26'];
const libc = platform === 'linux' ? '\\.(glibc|musl)' : '';

function roundTrips(command: string, ...args: string[]): unknown {
  const { status, stdout, stderr } = spawnSync(command, [...args, 'round-trips.mjs'], {
    ...{ cwd: app, env, encoding: 'utf8' },
  });
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stdout}${stderr}`);
  return JSON.parse(stdout);
}

test.each(['cc', 'c++', 'g++', 'gcc', 'clang', 'make', 'python3', 'sh'])('no %s', (program) => {
  expect(spawnSync(program, ['--version'], { env }).error).toMatchObject({ code: 'ENOENT' });
});

test('this Node', () => {
  expect(roundTrips(process.execPath)).toMatchObject({ version: process.version, arch });
});

describe(arch, () => onEveryNode(arch));

// Under another system the binary is the same, and only the workflow can run it.
if (platform === 'linux' && arch === 'x64') {
  describeWith('qemu-aarch64-static', programPath('qemu-aarch64-static'), (qemu) => {
    describe('arm64', () => onEveryNode('arm64', qemu, '-L', '/usr/aarch64-linux-gnu'));
  });
}

/** Declares the round trips on the registry's Nodes for `arch`, behind `emulator` if there is one. */
function onEveryNode(arch: string, ...emulator: string[]): void {
  let scratch: Scratch;
  beforeAll(() => {
    scratch = new Scratch();
    const nodes = majors.map((major) => [`node${major}`, `node-${platform}-${arch}@${major}`]);
    fromRegistry(scratch.folder, Object.fromEntries(nodes));
  });
  afterAll(() => scratch[Symbol.dispose]());

  test.each(majors)('Node %s', (major) => {
    const node = scratch.path(`node_modules/node${major}/bin/node`);
    const [command, ...args] = [...emulator, node] as [string];
    const file = new RegExp(`/afunix/prebuilds/${platform}-${arch}/afunix${libc}\\.node$`);
    expect(roundTrips(command, ...args)).toEqual({
      version: expect.stringMatching(`^v${major}\\.`),
      arch,
      // It is read from Linux's /proc.
      binary: platform === 'linux' ? expect.stringMatching(file) : undefined,
    });
  });
}
