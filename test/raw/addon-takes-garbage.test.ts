// The addon itself, below the checks of TypeScript: no argument ends the process or leaks.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';

test('100,000 calls with arguments of every type', async () => {
  await using child = Child.fixture('raw-garbage.mjs');
  expect(JSON.parse(await child.succeeds())).toEqual({
    calls: 100_000,
    refused: [],
    leaked: 0,
  });
}, 60_000);
