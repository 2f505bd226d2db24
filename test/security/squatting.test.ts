// Somebody else's sockets, links and hands where a socket should be.
import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { UnixListener, UnixStream } from 'afunix';
import { expect, test } from 'vitest';
import { attacker, describeWithUsers, nobody, outcome, somebody } from '../helpers/another-user.js';
import { Scratch } from '../helpers/scratch.js';

/** A folder where all may make files, and none may touch those of others. */
function shared(mode = 0o1777): Scratch {
  const scratch = new Scratch();
  chmodSync(scratch.folder, mode);
  return scratch;
}

describeWithUsers('another user', () => {
  test('took the path first: nobody is served beside it, and a client sees who answers', async () => {
    using scratch = shared();
    const path = scratch.path();
    await using squatter = attacker('squat', [path]);
    await squatter.says('ready');
    for (const replace of ['never', 'stale'] as const) {
      await expect(UnixListener.bind(path, { replace })).rejects.toMatchObject({
        code: 'EADDRINUSE',
      });
      expect(await outcome(attacker('bind', [path, replace], somebody))).toBe('EADDRINUSE');
    }
    // Who is not root cannot take it away, and leaves nothing behind.
    expect(await outcome(attacker('bind', [path, 'always'], somebody))).toBe('EPERM');
    expect(readdirSync(scratch.folder)).toEqual(['socket']);
    await using client = await UnixStream.connect(path);
    expect(client.peerCredentials()).toEqual({ pid: squatter.pid, ...nobody });
  });

  test('left a dead socket there: only its owner and root take the path', async () => {
    using scratch = shared();
    const path = scratch.path();
    expect(await outcome(attacker('stale', [path]))).toBe('done');
    expect(await outcome(attacker('bind', [path, 'stale'], somebody))).toBe('EPERM');
    await using listener = await UnixListener.bind(path, { replace: 'stale' });
    await using client = await UnixStream.connect(path);
    expect(client.peerCredentials()?.uid).toBe(0);
    expect(listener.closed).toBe(false);
  });

  test('put a symbolic link there: nothing is made where it leads', async () => {
    using scratch = shared();
    mkdirSync(scratch.path('private'), { mode: 0o700 });
    const target = scratch.path('private/new');
    const path = scratch.path();
    expect(await outcome(attacker('link', [path, target]))).toBe('done');
    for (const replace of ['never', 'stale', 'always'] as const) {
      await expect(UnixListener.bind(path, { replace })).rejects.toMatchObject({
        code: 'EADDRINUSE',
      });
    }
    expect(existsSync(target)).toBe(false);
  });

  const refusals = {
    1777: { unlink: 'EPERM', rename: 'EPERM', stale: 'EADDRINUSE', always: 'EPERM' },
    755: { unlink: 'EACCES', rename: 'EACCES', stale: 'EADDRINUSE', always: 'EACCES' },
  };
  test.each(Object.entries(refusals))('cannot take a path in a %s folder', async (mode, seen) => {
    using scratch = shared(Number.parseInt(mode, 8));
    await using listener = await UnixListener.bind(scratch.path(), { mode: 0o666 });
    expect(await outcome(attacker('steal', [scratch.path()]))).toEqual(seen);
    expect(readdirSync(scratch.folder)).toEqual(['socket']);
    await using client = await UnixStream.connect(scratch.path());
    expect(client.peerCredentials()?.pid).toBe(process.pid);
    expect(listener.closed).toBe(false);
  });

  test('takes it where allowUnsafePath was needed', async () => {
    using scratch = shared(0o777);
    await using listener = await UnixListener.bind(scratch.path(), { allowUnsafePath: true });
    expect(await outcome(attacker('steal', [scratch.path()]))).toMatchObject({ unlink: 'done' });
    expect(existsSync(scratch.path())).toBe(false);
    expect(listener.closed).toBe(false);
  });
});
