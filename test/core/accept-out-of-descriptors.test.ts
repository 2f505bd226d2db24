// Out of descriptors, a listener waits: it does not spin, says so once, and loses no connection.
import { setTimeout as sleep } from 'node:timers/promises';
import { UnixStream } from 'afunix';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

test.each([
  ['UnixListener', ['AFUNIX_ACCEPT_PAUSED']],
  ['net', []], // as node:net, it says nothing
])('accept under EMFILE: %s', async (which, warnings) => {
  using scratch = new Scratch();
  const fixture = fromRoot('test/fixtures/few-descriptors.mjs');
  await using child = new Child('sh', [
    '-c',
    'ulimit -n 96; exec "$0" "$@"',
    process.execPath,
    fixture,
    scratch.path(),
    which,
  ]);
  await child.says('ready');
  const clients = await Promise.all(
    Array.from({ length: 10 }, () => UnixStream.connect(scratch.path())),
  );
  const before = await ask(child, 'report');
  await sleep(1500);
  const starved = await ask(child, 'report');
  expect(starved.accepted).toBe(0);
  expect(starved.warnings).toEqual(warnings);
  // Processor time, not a clock: a listener that spins takes all 1,500 ms.
  expect(starved.cpu - before.cpu).toBeLessThan(500);

  await ask(child, 'free');
  let { accepted } = await ask(child, 'report');
  while (accepted < clients.length) {
    await sleep(50);
    ({ accepted } = await ask(child, 'report'));
  }
  expect(accepted).toBe(clients.length);
  for (const client of clients) await client.close();
  expect((await ask(child, 'report')).warnings).toEqual(warnings);
  child.process.stdin?.end();
  expect((await child.ended).code).toBe(0);
});

async function ask(
  child: Child,
  command: string,
): Promise<{ accepted: number; warnings: string[]; cpu: number }> {
  child.stdout = '';
  child.process.stdin?.write(`${command}\n`);
  await child.says('\n');
  return JSON.parse(child.stdout);
}
