// A few seconds of what `npm run fuzz -- --minutes N` does for longer.
import { execPath, platform } from 'node:process';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';

test.skipIf(platform !== 'linux').each(['api', 'raw'])(
  'random calls of %s hold the model',
  { timeout: 60_000 },
  async (name) => {
    const args = [fromRoot('test/fuzz/run.mjs'), '--only', name, '--seconds', '4'];
    await using child = new Child(execPath, args);
    expect(await child.succeeds()).toContain('sequences');
  },
);
