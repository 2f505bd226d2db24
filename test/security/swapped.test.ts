// The socket file is swapped for a link to a secret between bind and chmod: the secret is not opened up.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { platform } from 'node:process';
import { UnixListener } from 'afunix';
import { expect, test } from 'vitest';
import { attacker, describeWithUsers } from '../helpers/another-user.js';
import { Child } from '../helpers/children.js';
import { asModule, fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

/** A file that nobody else may read. */
function secretOf(scratch: Scratch): string {
  const secret = scratch.path('secret');
  writeFileSync(secret, 'secret');
  chmodSync(secret, 0o600);
  return secret;
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;

/** The sanitizer wants to be preloaded first. */
const sanitized = process.env.LD_PRELOAD?.includes('libasan') === true;

test.skipIf(platform !== 'linux' || sanitized)('at the worst moment', async () => {
  using scratch = new Scratch();
  const secret = secretOf(scratch);
  const library = scratch.path('swap.so');
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, fromRoot('test/security/swap.c'), '-ldl']);
  const path = scratch.path();
  const bind = `
    const { UnixListener } = await import('afunix');
    process.umask(0o777); // so that there is a mode to give back after bind
    await UnixListener.bind(process.argv.at(-1), { mode: 0o666 }).then(
      () => console.log('bound'),
      ({ code }) => console.log(code),
    );`;
  const env = { LD_PRELOAD: library, AFUNIX_SWAP_PATH: path, AFUNIX_SWAP_TARGET: secret };
  await using child = new Child(process.execPath, [...asModule, bind, path], {
    cwd: fromRoot('.'),
    env: { ...process.env, ...env },
  });
  expect(await child.succeeds()).toBe('EPERM\n');
  expect(child.stderr).toContain('swapped before');
  expect(readlinkSync(path)).toBe(secret);
  expect(modeOf(secret)).toBe(0o600);
});

describeWithUsers('another user', () => {
  // In the one folder where others can do that at all.
  test('as fast as it can', async () => {
    using scratch = new Scratch();
    chmodSync(scratch.folder, 0o755);
    mkdirSync(scratch.path('open'));
    chmodSync(scratch.path('open'), 0o777);
    const secret = secretOf(scratch);
    const path = scratch.path('open/socket');
    await using child = attacker('swap', [path, secret]);
    await child.says('ready');
    const umask = process.umask(0o777);
    const seen = new Set<string>();
    try {
      for (let round = 0; round < 2000; round++) {
        try {
          await (await UnixListener.bind(path, { mode: 0o666, allowUnsafePath: true })).close();
          seen.add('bound');
        } catch (error) {
          seen.add((error as { code: string }).code);
        }
        expect(modeOf(secret)).toBe(0o600);
        if (round % 256 === 0) await new Promise(setImmediate);
      }
    } finally {
      process.umask(umask);
    }
    expect([...seen]).toContain('bound');
    expect([...seen]).toContain('EADDRINUSE');
    for (const code of seen) expect(['bound', 'EADDRINUSE', 'ENOENT', 'EPERM']).toContain(code);
    child.process.stdin?.end();
    expect(Number((await child.succeeds()).replace('ready', ''))).toBeGreaterThan(100);
  });
});
