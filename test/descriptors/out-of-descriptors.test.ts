// EMFILE on the way: what arrived is delivered, and the loss is told.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { socketTypes } from '../helpers/pairs.js';
import { fromRoot } from '../helpers/programs.js';

test.each(socketTypes.map(({ name }) => name))('%s', async (name) => {
  // Node raises the soft limit to the hard one when it starts: set both.
  const file = fromRoot('test/fixtures/out-of-descriptors.mjs');
  const program = `ulimit -n 64 && exec "${process.execPath}" "${file}" ${name}`;
  await using child = new Child('sh', ['-c', program]);
  expect(JSON.parse(await child.succeeds())).toEqual({
    got: [
      ['first', 4, true],
      ['second', 10, false],
    ],
    ...(name === 'stream' ? { read: 'ERR_INVALID_STATE' } : {}),
    left: 0,
  });
});
