// A real server under `ulimit -n 96`, flooded: no spin, no abort, no error that anybody has to catch; those
// whom it serves it goes on serving, and everybody again when there is room.
import { setTimeout as sleep } from 'node:timers/promises';
import { UnixStream } from 'afunix';
import { expect, test } from 'vitest';
import { ask, Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

const run = 'ulimit -n 96; exec "$0" "$@"';

async function echoes(stream: UnixStream, text: string): Promise<void> {
  await stream.write(text);
  expect((await stream.read())?.toString()).toBe(text);
}

test('ulimit -n 96', async () => {
  using scratch = new Scratch();
  const fixture = fromRoot('test/fixtures/small-server.mjs');
  await using child = new Child('sh', ['-c', run, process.execPath, fixture, scratch.folder]);
  await child.says('ready');
  const paths = [scratch.path('promises'), scratch.path('net')];
  const before = await ask(child, 'report');
  expect(before.open).toBeLessThan(96);
  const early = await Promise.all(paths.map((path) => UnixStream.connect(path)));
  for (const stream of early) await echoes(stream, 'early');

  const flood = await Promise.all(
    paths.flatMap((path) => Array.from({ length: 200 }, () => UnixStream.connect(path))),
  );
  await sleep(200);
  const flooded = await ask(child, 'report');
  for (let second = 0; second < 3; second++) {
    await sleep(500);
    for (const stream of early) await echoes(stream, `still ${second}`);
  }
  const later = await ask(child, 'report');
  // Processor time, not a clock: what spins takes all 1,500 ms.
  expect(later.cpu - flooded.cpu).toBeLessThan(500);
  expect(await ask(child, 'try')).toEqual({
    pair: 'EMFILE',
    unbound: 'EMFILE',
    bind: 'EMFILE',
    listen: 'EMFILE',
    connect: 'EMFILE',
    'net connect': 'EMFILE',
    'net listen': 'EMFILE',
    'dgram bind': 'EMFILE',
    'queued descriptor': 'EMFILE',
    received: 'done',
  });

  for (const stream of flood) await stream.close();
  for (const path of paths) {
    await using stream = await UnixStream.connect(path);
    await echoes(stream, 'late');
  }
  for (const stream of early) await stream.close();
  let after = await ask(child, 'report');
  for (; after.open !== before.open; after = await ask(child, 'report')) await sleep(20);
  expect(after).toMatchObject({
    open: before.open,
    warnings: ['AFUNIX_ACCEPT_PAUSED'],
    errors: [],
  });
  child.process.stdin?.end();
  expect(await child.ended).toMatchObject({ code: 0, signal: null });
});
