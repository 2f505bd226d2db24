// A pidfd tells of its process's end.
import { features, UnixListener } from 'afunix';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { openDescriptors } from '../helpers/descriptors.js';
import { Scratch } from '../helpers/scratch.js';

/** How many pidfds this process has open. */
const open = (): number =>
  [...openDescriptors().values()].filter((target) => target.includes('pidfd')).length;

describe.runIf(features().peerPidFd)('waitExit', () => {
  async function withPeer(
    body: (child: Child, pidfd: NonNullable<ReturnType<typeof pidFdOf>>) => Promise<void>,
  ): Promise<void> {
    using scratch = new Scratch();
    await using listener = await UnixListener.bind(scratch.path());
    await using child = Child.fixture('connect-and-wait.mjs', [scratch.path()]);
    await using socket = await listener.accept();
    using pidfd = pidFdOf(socket);
    if (pidfd === null) throw new Error('no pidfd');
    await child.says('connected');
    await body(child, pidfd);
  }
  const pidFdOf = (socket: Awaited<ReturnType<UnixListener['accept']>>) => socket.peerPidFd();

  test('resolves when the process ends, and at once after that', () =>
    withPeer(async (child, pidfd) => {
      let ended = false;
      const before = open();
      const waits = [pidfd.waitExit(), pidfd.waitExit()];
      waits[0]?.then(() => {
        ended = true;
      });
      expect(open()).toBe(before + 2);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(ended).toBe(false);
      child.process.stdin?.end();
      await Promise.all(waits);
      await child.succeeds();
      await pidfd.waitExit(); // reaped by now
      expect(open()).toBe(1);
    }));

  test('of one that was killed', () =>
    withPeer(async (child, pidfd) => {
      const wait = pidfd.waitExit();
      child.kill('SIGKILL');
      await wait;
    }));

  test('goes on after close()', () =>
    withPeer(async (child, pidfd) => {
      const wait = pidfd.waitExit();
      pidfd.close();
      await expect(pidfd.waitExit()).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
      child.process.stdin?.end();
      await wait;
    }));

  test('a signal ends the wait', () =>
    withPeer(async (_, pidfd) => {
      const aborting = new AbortController();
      const before = open();
      const wait = pidfd.waitExit({ signal: aborting.signal });
      expect(open()).toBe(before + 1);
      aborting.abort();
      await expect(wait).rejects.toMatchObject({ code: 'ABORT_ERR' });
      expect(open()).toBe(before);
      await expect(pidfd.waitExit({ signal: aborting.signal })).rejects.toMatchObject({
        code: 'ABORT_ERR',
      });
    }));

  test('a peer that is gone and reaped before it is asked for', async () => {
    using scratch = new Scratch();
    await using listener = await UnixListener.bind(scratch.path());
    await using child = Child.fixture('connect-and-wait.mjs', [scratch.path()]);
    await child.says('connected');
    child.process.stdin?.end();
    await child.succeeds();
    await using socket = await listener.accept();
    let pidfd: ReturnType<typeof pidFdOf>;
    try {
      pidfd = pidFdOf(socket);
    } catch (error) {
      expect(error).toMatchObject({ code: 'EINVAL' }); // kernels before 6.16
      return;
    }
    await pidfd?.waitExit();
    pidfd?.close();
  });
});
