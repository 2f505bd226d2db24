// worker.terminate() with sockets open and operations pending: no abort, and no descriptor stays.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { Scratch } from '../helpers/scratch.js';

test('50 times', async () => {
  using scratch = new Scratch();
  await using child = Child.fixture('terminate.mjs', [scratch.folder]);

  const { before, after } = JSON.parse(await child.succeeds());

  expect(after).toEqual(before);
}, 240_000);
