// Credentials that are forged, outlived or worn by somebody else.
import { chmodSync, writeFileSync } from 'node:fs';
import { features, UnixDatagram, UnixListener } from 'afunix';
import { expect, test } from 'vitest';
import { attacker, describeWithUsers, nobody, outcome } from '../helpers/another-user.js';
import { Child } from '../helpers/children.js';
import { Scratch } from '../helpers/scratch.js';

describeWithUsers('another user', () => {
  test('cannot say that it is root', async () => {
    using scratch = new Scratch();
    chmodSync(scratch.folder, 0o755);
    await using socket = await UnixDatagram.bind(scratch.path(), {
      mode: 0o666,
      credentials: true,
    });
    await using child = attacker('forge', [scratch.path()]);
    const { data, credentials } = await socket.receive();
    expect(data.toString()).toBe('honest');
    expect(credentials).toEqual({ pid: child.pid, ...nobody });
    expect(await outcome(child)).toEqual({ send: 'EPERM', sendmsg: 'EPERM' });
  });

  test('who connected as root and is somebody else by now: each message tells', async () => {
    using scratch = new Scratch();
    chmodSync(scratch.folder, 0o755);
    await using listener = await UnixListener.bind(scratch.path(), { credentials: true });
    await using child = Child.fixture('drops-rights.mjs', [scratch.path(), String(nobody.uid)]);
    await using socket = await listener.accept();
    expect(socket.peerCredentials()).toEqual({ pid: child.pid, uid: 0, gid: 0 });
    const message = await socket.receive();
    expect(message?.data.toString()).toBe('after');
    expect(message?.credentials).toEqual({ pid: child.pid, uid: nobody.uid, gid: 0 });
    await child.succeeds();
  });

  test.runIf(features().peerPidFd)('a pid that was given out again', async () => {
    using scratch = new Scratch();
    await using listener = await UnixListener.bind(scratch.path());
    await using child = Child.fixture('connect-and-wait.mjs', [scratch.path()]);
    await using socket = await listener.accept();
    const { pid } = child;
    using pidfd = socket.peerPidFd();
    if (pidfd === null) throw new Error('no pidfd');
    child.kill();
    await child.ended;
    await using heir = await withPid(pid);
    // The number lives, and the connection still carries it. Its process does not.
    expect(heir.pid).toBe(pid);
    expect(process.kill(pid, 0)).toBe(true);
    expect(socket.peerCredentials()?.pid).toBe(pid);
    await pidfd.waitExit();
  });
});

/** A new process with this number, which is free. */
async function withPid(pid: number): Promise<Child> {
  for (let tries = 0; tries < 200; tries++) {
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
    const child = new Child('sleep', ['60']);
    if (child.pid === pid) return child;
    await child[Symbol.asyncDispose]();
  }
  throw new Error(`the kernel does not give out ${pid}`);
}
