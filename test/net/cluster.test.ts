// In workers of node:cluster each server of afunix/net is its own: the primary shares none.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { Scratch } from '../helpers/scratch.js';

test.each([
  ['node:net', 'listening,listening'],
  ['afunix/net', 'listening,EADDRINUSE'],
])('two workers listen at one path: %s', async (module, heard) => {
  using scratch = new Scratch();
  await using child = Child.fixture('cluster-listens.mjs', [module, scratch.path()]);
  expect(await child.succeeds()).toBe(`${heard}\n`);
});
