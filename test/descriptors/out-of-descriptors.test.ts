// EMFILE on the way: what arrived is delivered, and the loss is told.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { socketTypes } from '../helpers/pairs.js';
import { fromRoot } from '../helpers/programs.js';

const cases = socketTypes.flatMap(({ name }) => [4, 0].map((room) => [name, room] as const));

test.each(cases)('%s, room for %i', async (name, room) => {
  // Node raises the soft limit to the hard one when it starts: set both.
  const file = fromRoot('test/fixtures/out-of-descriptors.mjs');
  const node = [process.execPath, file, name, String(room)];
  await using child = new Child('sh', ['-c', 'ulimit -n 96 && exec "$0" "$@"', ...node]);
  expect(JSON.parse(await child.succeeds())).toEqual({
    got: [
      ['first', room, true],
      ['second', 10, false],
    ],
    ...(name === 'stream' ? { read: 'ERR_INVALID_STATE' } : {}),
    left: 0,
  });
});
