// A receiver that is stopped for two seconds is tried next to never, holds up nobody else,
// and has everything when it goes on.
import { setTimeout as delay } from 'node:timers/promises';
import { UnixDatagram } from 'afunix';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { Scratch } from '../helpers/scratch.js';

const ways = ['connected', 'unconnected'];

test.each(ways)('%s', async (way) => {
  using scratch = new Scratch();
  const path = scratch.path('stopped');
  await using sink = Child.fixture('datagram-sink.mjs', [path, '100']);
  await sink.says('ready');
  await using other = await UnixDatagram.bind(scratch.path('other'));
  await using sender = UnixDatagram.unbound();
  if (way === 'connected') sender.connect(path);
  const to = way === 'connected' ? {} : { to: path };

  sink.kill('SIGSTOP');
  const texts = Array.from({ length: 100 }, (_, i) => `message ${i}`);
  const sending = texts.map((text) => sender.send(text, to));
  const tries = sender.stats().sent.again;
  const before = process.cpuUsage();
  await delay(2000);
  // A loop that spins takes all of it. Sanitizers and a busy machine take tens of milliseconds.
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(500);
  expect(sender.stats().sent.again - tries).toBe(0);

  for (let i = 0; i < 1000; i++) {
    await sender.send(`other ${i}`, { to: scratch.path('other') });
    expect((await other.receive()).data.toString()).toBe(`other ${i}`);
  }

  sink.kill('SIGCONT');
  await Promise.all(sending);
  const lines = (await sink.succeeds()).trim().split('\n');
  expect(JSON.parse(lines.at(-1) as string)).toEqual(texts);
});
