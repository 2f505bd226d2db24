// Sockets in a test, as jest, vitest and node:test run it: in realms of their own, as CommonJS, and with faked timers.
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { execPath } from 'node:process';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

let project: Scratch;

beforeAll(() => {
  project = new Scratch();
  cpSync(fromRoot('test/fixtures/runners'), project.folder, { recursive: true });
  // Installed, not linked: runners treat what is in node_modules in another way.
  for (const name of ['package.json', 'dist', 'build/Release/afunix.node']) {
    cpSync(fromRoot(name), project.path(`node_modules/afunix/${name}`), { recursive: true });
  }
  for (const name of [
    ...['bindings', '@sinonjs/fake-timers', 'jest-environment-jsdom', 'babel-jest'],
    '@babel/plugin-transform-modules-commonjs',
  ]) {
    const link = project.path(`node_modules/${name}`);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(fromRoot(`node_modules/${name}`), link);
  }
});

afterAll(() => project[Symbol.dispose]());

const jest = fromRoot('node_modules/jest/bin/jest.js');
const modules = '--experimental-vm-modules';

test.concurrent.each([
  ['jest, CommonJS', [jest, '--config=jest.commonjs.config.cjs'], 'Tests: 32 passed, 32 total'],
  [
    'jest, ES modules',
    [modules, jest, '--config=jest.modules.config.cjs'],
    'Tests: 32 passed, 32 total',
  ],
  ['vitest', [fromRoot('node_modules/vitest/vitest.mjs'), 'run'], 'Tests 64 passed (64)'],
  ['node:test', ['node-test.mjs'], 'pass 16'],
])('%s', { timeout: 300_000 }, async (_, args, summary) => {
  const { VITEST, NODE_OPTIONS, ...env } = process.env;
  await using child = new Child(execPath, args, { cwd: project.folder, env });
  const { code, stdout, stderr } = await child.ended;
  const said = stripVTControlCharacters(`${stdout}${stderr}`).replace(/ +/g, ' ');
  expect(said).toContain(summary);
  expect(said).not.toMatch(/did not exit|leak|open handle/i);
  expect(code).toBe(0);
});
