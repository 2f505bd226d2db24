// Each worker thread has the addon for itself: 8 load it at once and talk.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { Scratch } from '../helpers/scratch.js';

test('8 workers talk in a ring', async () => {
  using scratch = new Scratch();
  await using child = Child.fixture('ring.mjs', [scratch.folder]);

  const { before, after } = JSON.parse(await child.succeeds());

  expect(after).toEqual(before);
});
