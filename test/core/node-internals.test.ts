// Private parts of Node.js: without them the package does the same, by documented ones.
import dgram from 'node:dgram';
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
  const { queued, descriptor, ...rest } = await results('with');
  expect(descriptor).toEqual(['socket', 'inet', 'datagram']);
  expect(rest.echoes).toEqual(['0', '1']);
  expect(queued[0]).toBe(9 + LARGE + 6);

  const { queued: without, descriptor: shown, ...same } = await results('without');
  expect(same).toEqual(rest);
  // Node.js 26 has no documented way to the descriptor of a dgram.Socket.
  const documented = '_handle' in dgram.Socket.prototype;
  expect(shown).toEqual(documented ? descriptor : ['ERR_INVALID_ARG_TYPE']);
  // What has gone of the write under way may be counted twice.
  expect(without[0]).toBeGreaterThanOrEqual(queued[0]);
  expect(without[0]).toBeLessThan(queued[0] + LARGE);
  expect(without[1]).toBeGreaterThanOrEqual(queued[1]);
  expect(without[1]).toBeLessThan(queued[1] + LARGE);
});
