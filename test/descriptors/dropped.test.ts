// Descriptors that were received and dropped without close() are closed when they are collected, with
// one warning.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

test.runIf(hasSeqpacket)(
  '50,000',
  async () => {
    const file = fromRoot('test/fixtures/dropped.mjs');
    await using child = new Child(process.execPath, ['--expose-gc', file, '50000']);
    const { left, most, warnings } = JSON.parse(await child.succeeds());
    expect(left).toBe(0);
    expect(most).toBeGreaterThan(1000); // they were open
    expect(warnings).toEqual([
      { code: 'AFUNIX_FD_LEAK', message: expect.stringContaining('(UnixSeqpacket ') },
    ]);
  },
  60_000,
);

test('one that was detached is named after its socket', async () => {
  using scratch = new Scratch();
  const args = ['--expose-gc', fromRoot('test/fixtures/detached.mjs'), scratch.path()];
  await using child = new Child(process.execPath, args);
  expect(JSON.parse(await child.succeeds())).toEqual({
    code: 'AFUNIX_FD_LEAK',
    message: expect.stringContaining(`(detached from UnixDatagram at ${scratch.path()})`),
  });
});
