// Private parts of Node.js: without them the package does the same, by documented ones.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';

interface Results {
  descriptor: string[];
  echoes: string[];
  /** `bytesWritten` and `stats().queue.bytes` while a write is under way and another waits. */
  queued: [number, number];
}

async function results(how: string): Promise<Results> {
  const args = ['--no-deprecation', fromRoot('test/fixtures/node-internals.mjs'), how];
  await using child = new Child(process.execPath, args, { cwd: fromRoot('.') });
  await child.succeeds();
  return JSON.parse(child.stdout);
}

const LARGE = 8 << 20;

test('what private parts of Node.js do is done without them', async () => {
  const { queued, ...rest } = await results('with');
  expect(rest).toMatchObject({ descriptor: ['socket', 'inet', 'datagram'], echoes: ['0', '1'] });
  expect(queued[0]).toBe(9 + LARGE + 6);

  const { queued: without, ...same } = await results('without');
  expect(same).toEqual(rest);
  // What has gone of the write under way may be counted twice.
  expect(without[0]).toBeGreaterThanOrEqual(queued[0]);
  expect(without[0]).toBeLessThan(queued[0] + LARGE);
  expect(without[1]).toBeGreaterThanOrEqual(queued[1]);
  expect(without[1]).toBeLessThan(queued[1] + LARGE);
});
