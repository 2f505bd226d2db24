// A few seconds of what `npm run fuzz -- --minutes N` does for longer.
import { execPath, platform } from 'node:process';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';

test.skipIf(platform !== 'linux')('random calls hold the model', { timeout: 60_000 }, async () => {
  await using child = new Child(execPath, [fromRoot('test/fuzz/run.mjs'), '--seconds', '5']);
  expect(await child.succeeds()).toContain('sequences');
});
