// How a process with sockets may end, and how sockets may end in a process that goes on.
import { readdirSync } from 'node:fs';
import { execPath, platform } from 'node:process';
import { describe, expect, test } from 'vitest';
import { makeAnotherVersion } from '../helpers/another-version.js';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

const callbacks = [
  'onMessages',
  'onMessages, reuse',
  ...(hasSeqpacket ? ['onMessages of seqpacket'] : []),
  'message of dgram',
  'data of net',
  'connection of net',
  'a promise',
  'authorize',
];

describe.each(callbacks)('%s', (kind) => {
  test('process.exit() in it, with operations pending', async () => {
    using scratch = new Scratch();
    await using child = Child.fixture('callbacks.mjs', [scratch.folder, kind]);
    expect(await child.ended).toMatchObject({ code: 7, signal: null, stdout: '', stderr: '' });
  });

  test('an exception in it is an uncaughtException, and the socket lives on', async () => {
    using scratch = new Scratch();
    await using child = Child.fixture('callbacks.mjs', [scratch.folder, kind, 'throw']);
    expect(JSON.parse(await child.succeeds())).toEqual({
      heard: ['a', 'b'],
      caught: ['thrown at a', 'thrown at b'],
    });
  });
});

describe('a worker with operations pending', () => {
  test.each([
    ['exit', []],
    ['throw', Array(5).fill('thrown in a worker')],
  ])('ends by %s in a callback', async (how, errors) => {
    using scratch = new Scratch();
    await using child = Child.fixture('worker-ends.mjs', [scratch.folder, how]);
    const result = JSON.parse(await child.succeeds());
    expect(result.errors).toEqual(errors);
    expect(result.after).toEqual(result.before);
    expect(readdirSync(scratch.folder)).toEqual([]);
  });

  test('ends with its process', async () => {
    using scratch = new Scratch();
    await using child = Child.fixture('worker-ends.mjs', [scratch.folder, 'process']);
    expect(await child.ended).toMatchObject({ code: 7, signal: null, stdout: '', stderr: '' });
    const left = readdirSync(scratch.folder).flatMap((name) => readdirSync(scratch.path(name)));
    expect(left).toEqual([]);
  });
});

describe.skipIf(platform !== 'linux')('copies of the package side by side', () => {
  test.each(['import', 'require', 'hard links', 'workers'])('%s', async (kind) => {
    using scratch = new Scratch();
    await using child = Child.fixture('copies.mjs', [scratch.folder, kind]);
    expect(await child.succeeds()).toBe('done\n');
  });
});

test.skipIf(platform !== 'linux')('two versions side by side', { timeout: 180_000 }, async () => {
  using scratch = new Scratch();
  await makeAnotherVersion(scratch.folder);
  await using child = Child.fixture('copies.mjs', [scratch.folder, 'versions']);
  expect(await child.succeeds()).toBe('done\n');
});

test.skipIf(platform !== 'linux')('sockets nobody holds stay open while they read', async () => {
  using scratch = new Scratch();
  const fixture = fromRoot('test/fixtures/collected.mjs');
  await using child = new Child(execPath, ['--expose-gc', fixture, scratch.folder]);
  expect(await child.succeeds()).toBe('done\n');
});
