// A PidFd opens, signals and examines a process, and takes descriptors of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { FileDescriptor, features, PidFd, UnixStream } from 'afunix';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { checkDescriptors } from '../helpers/descriptors.js';
import { canRunWithout, runWithout } from '../helpers/older-kernel.js';
import { onLinux } from '../helpers/raw-sockets.js';

checkDescriptors();

/** A process that waits for ever. */
const sleeper = (): Child => new Child('sleep', ['1000']);
/** Resolves when the kernel says so. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe.runIf(features().pidFdOpen)('a process', () => {
  test('is opened, signalled, and examined to its end', async () => {
    await using child = sleeper();
    using pidfd = PidFd.open(child.pid);
    expect([pidfd.pid, pidfd.kind]).toEqual([child.pid, 'anonymous']);
    pidfd.signal(0);
    if (features().pidFdInfo) {
      expect(pidfd.info()).toEqual({
        pid: child.pid,
        parentPid: process.pid,
        uid: process.geteuid?.(),
        gid: process.getegid?.(),
        realUid: process.getuid?.(),
        realGid: process.getgid?.(),
        cgroupId: expect.any(BigInt),
        exit: null,
      });
    }
    pidfd.signal();
    await pidfd.waitExit();
    expect((await child.ended).signal).toBe('SIGTERM');
    await until(() => pidfd.pid === -1);
    expect(() => pidfd.signal()).toThrow(expect.objectContaining({ code: 'ESRCH' }));
    expect(() => pidfd.getFd(0)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
  });

  test.runIf(features().pidFdInfo).each([
    ['an exit code', 'exit 7', { code: 7, signal: null }],
    ['a signal', 'kill -KILL $$', { code: null, signal: 'SIGKILL' }],
  ])('ends with %s', async (_, command, exit) => {
    const child = spawn('sh', ['-c', `read line; ${command}`]);
    using pidfd = PidFd.open(child.pid as number);
    child.stdin.end('\n');
    await once(child, 'exit');
    try {
      expect(pidfd.info()).toMatchObject({ pid: null, uid: null, exit });
    } catch (error) {
      expect(error).toMatchObject({ code: 'ESRCH' }); // Linux 6.13 and 6.14
    }
  });

  test('lends a descriptor', async () => {
    const [near, far] = UnixStream.pair();
    await using child = new Child('sleep', ['1000'], { stdio: [far.fd, 'ignore', 'ignore'] });
    await far.close();
    using pidfd = PidFd.open(child.pid);
    using taken = pidfd.getFd(0);
    expect(taken.kind).toBe('socket');
    await near.write('x');
    await taken.readable();
    expect(() => pidfd.getFd(77)).toThrow(expect.objectContaining({ code: 'EBADF' }));
    await near.close();
  });

  test('is taken over from a message', async () => {
    const [near, far] = UnixStream.pair({ maxFds: 1 });
    await using child = sleeper();
    using own = PidFd.open(child.pid);
    await near.write('x', { fds: [own] });
    const { fds: [received] = [] } = (await far.receive()) ?? {};
    using pidfd = PidFd.fromFd(received as FileDescriptor);
    expect([received?.closed, pidfd.pid]).toEqual([true, child.pid]);
    pidfd.signal('SIGKILL');
    expect((await child.ended).signal).toBe('SIGKILL');
    await near.close();
    await far.close();
  });

  test('what is no pidfd is not taken over', () => {
    const refused = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' });
    using file = FileDescriptor.sealed('');
    expect(() => PidFd.fromFd(file)).toThrow(refused);
    using directory = new FileDescriptor(openSync(`/proc/${process.pid}`, 'r'));
    expect(() => PidFd.fromFd(directory)).toThrow(refused);
    expect([file.closed, directory.closed]).toEqual([false, false]);
    expect(() => PidFd.fromFd(1_000_000)).toThrow(expect.objectContaining({ code: 'EBADF' }));
    file.close();
    expect(() => PidFd.fromFd(file)).toThrow(
      expect.objectContaining({ code: 'ERR_SOCKET_CLOSED' }),
    );
  });

  test('wrong arguments, and a closed one', () => {
    const code = (name: string): unknown => expect.objectContaining({ code: name });
    for (const pid of [0, -1, 1.5]) expect(() => PidFd.open(pid)).toThrow(code('ERR_OUT_OF_RANGE'));
    expect(() => PidFd.open('1' as never)).toThrow(code('ERR_INVALID_ARG_TYPE'));
    expect(() => PidFd.open(2 ** 31 - 1)).toThrow(code('ESRCH'));
    const own = PidFd.open(process.pid);
    expect(() => own.signal('SIGNONE' as never)).toThrow(code('ERR_UNKNOWN_SIGNAL'));
    expect(() => own.signal('toString' as never)).toThrow(code('ERR_UNKNOWN_SIGNAL'));
    expect(() => own.signal(100)).toThrow(code('EINVAL'));
    expect(() => own.getFd(-1)).toThrow(code('ERR_OUT_OF_RANGE'));
    own.close();
    const calls = [() => own.pid, () => own.info(), () => own.signal(), () => own.getFd(0)];
    for (const call of calls) expect(call).toThrow(code('ERR_SOCKET_CLOSED'));
  });
});

test.runIf(canRunWithout)('on an older kernel', async () => {
  const code = `
    import { PidFd, UnixStream, features } from 'afunix';
    const codeOf = (call) => { try { return call(); } catch ({ code, message }) { return code + ' ' + message; } };
    const { pidFdOpen, pidFdInfo } = features();
    const pidfd = UnixStream.pair()[0].peerPidFd();
    console.log(JSON.stringify({
      pidFdOpen, pidFdInfo, pid: pidfd.pid === process.pid,
      open: codeOf(() => PidFd.open(1)), signal: codeOf(() => pidfd.signal(0)),
      getFd: codeOf(() => pidfd.getFd(0)), info: codeOf(() => pidfd.info()),
    }));`;
  // pidfd_open, pidfd_send_signal, pidfd_getfd: ENOSYS; PIDFD_GET_INFO: ENOTTY.
  const calls = ['434=38', '424=38', '438=38', '16/0xc040ff0b=25'];
  const missing = (name: string): string =>
    `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM ${name} is not available on this platform`;
  expect(JSON.parse(await runWithout(calls, code))).toEqual({
    pidFdOpen: false,
    pidFdInfo: false,
    pid: true,
    open: missing('pidfd_open'),
    signal: missing('pidfd_send_signal'),
    getFd: missing('pidfd_getfd'),
    info: 'ENOTTY ioctl ENOTTY',
  });
});

test.runIf(!onLinux)('there are none', () => {
  expect(() => PidFd.open(1)).toThrow(
    expect.objectContaining({ code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' }),
  );
});
