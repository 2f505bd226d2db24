// A worker's descriptors of node:fs are closed once, by their owner, never again by their number.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

interface Outcome {
  said: unknown[];
  own: number;
  taken: number;
  texts: string[];
}

/** What the scenario printed. It leaves nothing open, and warns of nothing but `warnings`. */
async function outcomeOf(scenario: string, ...warnings: string[]): Promise<Outcome> {
  using scratch = new Scratch();
  const fixture = fromRoot('test/fixtures/files-in-worker.mjs');
  // What a sanitizer preloads is for Node alone: the thread sanitizer's ends a shell with SIGSEGV.
  const command =
    'ulimit -n 200; export LD_PRELOAD="$preload"; exec "$0" --trace-warnings "$@" </dev/null';
  const args = ['-c', command, process.execPath, fixture, scenario, scratch.folder];
  const { LD_PRELOAD: preload = '', ...env } = process.env;
  await using child = new Child('sh', args, { env: { ...env, preload } });
  const { before, after, ...outcome } = JSON.parse(await child.succeeds());
  const warned = child.stderr.split('\n').filter((line) => !line.startsWith('    at '));
  expect(warned.join('\n').replaceAll(/\d+/g, 'N')).toBe(
    warnings.map((text) => `(node:N) Warning: ${text}\n`).join(''),
  );
  expect(after).toEqual(before);
  return outcome;
}

test('adopted and closed: the number is the next owner’s, also when the worker ends', async () => {
  const { own, taken, texts } = await outcomeOf('closed');
  // A file, a FIFO, a device and a directory, each by its number and by that of the object.
  expect([own, taken]).toEqual([8, 8]);
  expect(texts).toEqual(Array(8).fill('mine'));
});

test('adopted and never closed: the end of the worker closes it', async () => {
  expect((await outcomeOf('kept')).said).toHaveLength(3);
});

test('a number that this worker’s fs did not open: Node warns, and it is owned', async () => {
  const warning = 'File descriptor N closed but not opened in unmanaged mode';
  const { said } = await outcomeOf('foreign', ...Array(3).fill(warning)); // of three workers
  expect(said).toEqual(['character', true]);
});

test('EMFILE for the duplicate: the number stays its owner’s', async () => {
  expect((await outcomeOf('full')).said).toEqual(['EMFILE', 'EMFILE', 'dup', true]);
});

test('streams of received and of adopted descriptors', async () => {
  expect((await outcomeOf('streams')).said).toEqual(['hello', 'hello']);
});

test('streams that are never closed: the end of the worker closes them', async () => {
  await outcomeOf('unfinished');
});

test('terminate() in the middle of streams', { timeout: 60_000 }, async () => {
  await outcomeOf('busy');
});
