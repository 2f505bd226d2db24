// No descriptor left while receiving: some arrive, the rest is lost, and controlTruncated tells.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';

test('a process at its limit', async () => {
  // Node raises the soft limit to the hard one when it starts: set both.
  const node = [process.execPath, fromRoot('test/fixtures/raw-emfile.mjs')];
  await using child = new Child('sh', ['-c', 'ulimit -n 64 && exec "$0" "$@"', ...node]);
  const result = JSON.parse(await child.succeeds());

  expect(result).toEqual({
    sent: 10,
    arrived: 4,
    controlTruncated: true,
    length: 1,
    afterwards: [10, false],
    accept: 'EMFILE',
    socket: 'EMFILE',
    leaked: 0,
  });
});
