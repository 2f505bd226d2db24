// The example in the README: three generations of an HTTP server, and not one request fails.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';

test('examples/handover.ts', async () => {
  await using child = new Child(
    process.execPath,
    ['--import', 'tsx', fromRoot('examples/handover.ts')],
    { cwd: fromRoot('.') },
  );
  const output = await child.succeeds();
  expect(output.match(/^process \d+ answered \d+ requests$/gm)).toHaveLength(3);
  expect(output).toContain('0 requests failed');
}, 60_000);
