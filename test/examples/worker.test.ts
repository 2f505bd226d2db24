// examples/worker.ts: as root, the worker is really another user; else it can at least ask.
import { expect, test } from 'vitest';
import { example } from '../helpers/examples.js';

test('a worker reads what it is given, and nothing else', async () => {
  await using child = example('worker');
  const lines = (await child.succeeds()).split('\n');

  const root = process.getuid?.() === 0;
  const asks = `user ${root ? 65534 : process.getuid?.()} asks for`;
  expect(lines.filter((line) => line.startsWith('user'))).toEqual([
    `${asks} greeting.txt`,
    `${asks} secret.txt`,
    `${asks} ../etc/passwd`,
  ]);
  const itself = root ? 'EACCES' : 'it is open';
  expect(lines.filter((line) => line.startsWith('worker'))).toEqual([
    `worker: greeting.txt by itself: ${itself}`,
    'worker: greeting.txt by asking: here it is: good morning',
    `worker: secret.txt by itself: ${itself}`,
    'worker: secret.txt by asking: not for you',
    expect.stringMatching(/^worker: ..\/etc\/passwd by itself: E(ACCES|NOENT)$/),
    'worker: ../etc/passwd by asking: not for you',
  ]);
}, 60_000);
