// Two processes talk to each other on one processor, and nothing else in them waits for that to end.
import { execPath, platform } from 'node:process';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

/** A process of a fixture, on the first processor. */
function onOneProcessor(fixture: string, ...args: string[]): Child {
  return new Child('taskset', ['-c', '0', execPath, fromRoot(`test/fixtures/${fixture}`), ...args]);
}

test.skipIf(platform !== 'linux').each(['datagram', 'seqpacket', 'stream'])(
  'timers, immediates and ticks run between the messages of a %s socket',
  async (type) => {
    using scratch = new Scratch();
    const path = scratch.path('socket');
    await using server = onOneProcessor('takes-turns.mjs', type, 'server', path);
    await server.says('ready');
    await using client = onOneProcessor('takes-turns.mjs', type, 'client', path);
    const { trips, timers, immediates, ticks } = JSON.parse(await client.succeeds());
    expect(trips).toBe(20_000);
    // A turn of the loop handles 33 messages at most, and most often takes less than a millisecond.
    expect(immediates).toBeGreaterThanOrEqual(Math.floor(trips / 33));
    expect(ticks).toBe(trips);
    expect(timers).toBeGreaterThan(0);
  },
);
