// features() says what works, and only that.
import { features, PidFd, UnixDatagram, UnixSeqpacket, UnixStream } from 'afunix';
import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Descriptors, hasOption, onLinux } from '../helpers/raw-sockets.js';

checkDescriptors();

test('found once, and not to be changed', () => {
  const found = features();
  expect(features()).toBe(found);
  expect(Object.isFrozen(found)).toBe(true);
  expect(new Set(Object.values(found).map((value) => typeof value))).toEqual(new Set(['boolean']));
});

const hasLibuv = !(
  process.env.AFUNIX_WAIT === 'thread' ||
  'bun' in process.versions ||
  'deno' in process.versions
);

test('what it says of an option is so', () => {
  /** Whether the kernel knows it, to set or to get. */
  const option = (name: string): boolean => {
    const number = raw.constants[name];
    if (number === undefined) return false;
    if (hasOption(raw.SOCK_STREAM, number)) return true;
    using fds = new Descriptors();
    const [fd] = fds.pair(raw.SOCK_STREAM);
    try {
      const value = raw.getsockopt(fd, raw.SOL_SOCKET, number, 4096);
      if (name === 'SO_PEERPIDFD') fds.own(value.readInt32LE());
      return true;
    } catch (error) {
      return (error as { code: string }).code !== 'ENOPROTOOPT';
    }
  };
  expect(features()).toEqual({
    credentials: option('SO_PASSCRED'),
    pidfds: option('SO_PASSPIDFD'),
    refuseFds: option('SO_PASSRIGHTS'),
    fdPlaceholders: option('SO_RIGHTS_NOTRUNC'),
    peerGroups: option('SO_PEERGROUPS'),
    peerPidFd: option('SO_PEERPIDFD'),
    peerSecurityLabel: option('SO_PEERSEC'),
    cookie: option('SO_COOKIE'),
    passSecurity: option('SO_PASSSEC'),
    inq: option('SO_INQ'),
    peekOffset: option('SO_PEEK_OFF'),
    memoryInfo: option('SO_MEMINFO'),
    outOfBand: sendsOutOfBand(),
    xattrs: takesAttributes(),
    timestamps: onLinux,
    seqpacket: onLinux,
    abstract: onLinux,
    socketFile: onLinux,
    busyPoll: hasLibuv,
    pidFdOpen: opensPidFd(),
    pidFdInfo: hasInfo(),
    peerCredentials: true,
  });
});

function takesAttributes(): boolean {
  using fds = new Descriptors();
  try {
    raw.fsetxattr(fds.pair(raw.SOCK_DGRAM)[0], 'user.x', '');
    return true;
  } catch {
    return false;
  }
}

function opensPidFd(): boolean {
  try {
    PidFd.open(process.pid).close();
    return true;
  } catch {
    return false;
  }
}

function hasInfo(): boolean {
  if (!opensPidFd()) return false;
  using own = PidFd.open(process.pid);
  try {
    return own.info().pid === process.pid;
  } catch {
    return false;
  }
}

function sendsOutOfBand(): boolean {
  using fds = new Descriptors();
  try {
    return raw.send(fds.pair(raw.SOCK_STREAM)[0], 'x', raw.MSG_OOB) === 1;
  } catch {
    return false;
  }
}

test('a socket option that is missing is an error that names it', async () => {
  const wanted = { credentials: features().credentials, pidfds: features().pidfds };
  for (const [name, there] of Object.entries(wanted)) {
    for (const Class of [UnixStream, UnixDatagram, UnixSeqpacket]) {
      if (Class === UnixSeqpacket && !features().seqpacket) continue;
      const make = (): void => {
        for (const socket of Class.pair({ [name]: true })) socket.close();
      };
      if (there) make();
      else {
        expect(make).toThrow(
          expect.objectContaining({
            code: expect.stringMatching(/^(ENOPROTOOPT|ERR_FEATURE_UNAVAILABLE_ON_PLATFORM)$/),
            message: expect.stringContaining('SO_PASS'),
          }),
        );
      }
    }
  }
});
