// A socket or a descriptor that is posted to a worker is refused: it would arrive without a descriptor.
import * as threads from 'node:worker_threads';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { Scratch } from '../helpers/scratch.js';

/** Node 22.10 and 23 on; before, streams alone are refused, for the functions they hold. */
const marks = 'markAsUncloneable' in threads;

test('structuredClone and postMessage throw', async () => {
  using scratch = new Scratch();
  await using child = Child.fixture('uncloneable.mjs', [scratch.folder]);
  const said = JSON.parse(await child.succeeds()) as Record<string, string[]>;
  expect(Object.keys(said)).toHaveLength(11);
  const refused = ['DataCloneError', 'DataCloneError'];
  expect(said['net.Socket']).toEqual(refused);
  if (!marks) return;
  for (const [name, results] of Object.entries(said))
    expect([name, results]).toEqual([name, refused]);
});
