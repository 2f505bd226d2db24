// A listener that is collected while it is open is closed, and says so.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

test.runIf(hasSeqpacket)(
  'idle ones alone: not those that are awaited, closed or detached',
  async () => {
    using scratch = new Scratch();
    const args = ['--expose-gc', fromRoot('test/fixtures/lost-listener.mjs'), scratch.folder];
    await using child = new Child(process.execPath, args);
    const { warnings, there } = JSON.parse(await child.succeeds());
    const lost = (name: string): object => ({
      code: 'AFUNIX_LISTENER_LEAK',
      message: expect.stringContaining(`${name} was collected without close()`),
    });
    expect(warnings).toHaveLength(2);
    expect(warnings).toContainEqual(lost(`UnixListener at ${scratch.path('idle')}`));
    expect(warnings).toContainEqual(lost(`UnixSeqpacketListener at ${scratch.path('adopted')}`));
    expect(there).toEqual([false, true]);
  },
);
