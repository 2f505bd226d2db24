// Ten thousand idle sockets work, and each costs little beyond the kernel's own.
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';

test('less than 3 KiB a socket', { timeout: 60_000 }, async () => {
  const fixture = fileURLToPath(new URL('../fixtures/idle-datagrams.mjs', import.meta.url));
  const command = 'ulimit -n 10100; exec "$0" "$@"';
  const node = [process.execPath, '--expose-gc', fixture, '10000'];
  await using child = new Child('/bin/sh', ['-c', command, ...node]);
  const { each, text } = JSON.parse(await child.succeeds());
  expect(text).toBe('works');
  expect(each).toBeLessThan(3 * 1024);
});
