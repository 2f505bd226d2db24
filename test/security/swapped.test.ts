// The socket file is swapped for a link to a secret between bind and chmod: the secret is not opened up.
// In the one folder where others can do that at all.
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { UnixListener } from 'afunix';
import { expect, test } from 'vitest';
import { attacker, describeWithUsers } from '../helpers/another-user.js';
import { Scratch } from '../helpers/scratch.js';

describeWithUsers('another user', () => {
  test('swaps the file as fast as it can', async () => {
    using scratch = new Scratch();
    chmodSync(scratch.folder, 0o755);
    mkdirSync(scratch.path('open'));
    chmodSync(scratch.path('open'), 0o777);
    const secret = scratch.path('secret');
    writeFileSync(secret, 'secret');
    const path = scratch.path('open/socket');
    await using child = attacker('swap', [path, secret]);
    await child.says('ready');
    const umask = process.umask(0o777); // so that there is a mode to give back after bind
    try {
      chmodSync(secret, 0o600);
      for (let round = 0; round < 4000; round++) {
        try {
          await (await UnixListener.bind(path, { mode: 0o666, allowUnsafePath: true })).close();
        } catch (error) {
          expect((error as { code: string }).code).toMatch(/^(EADDRINUSE|ENOENT|EPERM|ELOOP)$/);
        }
        expect(statSync(secret).mode & 0o777).toBe(0o600);
        if (round % 16 === 0) await new Promise(setImmediate);
      }
    } finally {
      process.umask(umask);
    }
    child.process.stdin?.end();
    const swapped = Number((await child.succeeds()).replace('ready', ''));
    expect(swapped).toBeGreaterThan(100);
  });
});
