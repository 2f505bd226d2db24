// Two processes on one processor hand it to each other between messages; nothing else in them waits
// for that to end.
import { execPath, platform } from 'node:process';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

test.skipIf(platform !== 'linux').each(['datagram', 'seqpacket', 'stream'])(
  'timers, immediates and ticks run between the messages of a %s socket',
  async (type) => {
    using scratch = new Scratch();
    const args = ['-c', '0', execPath, fromRoot('test/fixtures/takes-turns.mjs'), type];
    await using server = new Child('taskset', [...args, 'server', scratch.path('socket')]);
    await server.says('ready');
    await using client = new Child('taskset', [...args, 'client', scratch.path('socket')]);
    const { trips, timers, immediates, ticks } = JSON.parse(await client.succeeds());
    expect(trips).toBe(20_000);
    // A turn of the loop handles 33 messages at most, and most often takes less than a millisecond.
    expect(immediates).toBeGreaterThanOrEqual(Math.floor(trips / 33));
    expect(ticks).toBe(trips);
    expect(timers).toBeGreaterThan(0);
  },
);
