// The example in the README: three generations of an HTTP server, and not one request fails.
import { expect, test } from 'vitest';
import { example } from '../helpers/examples.js';

test('examples/handover.ts', async () => {
  await using child = example('handover');
  const output = await child.succeeds();
  expect(output.match(/^process \d+ answered \d+ requests$/gm)).toHaveLength(3);
  expect(output).toContain('0 requests failed');
}, 60_000);
