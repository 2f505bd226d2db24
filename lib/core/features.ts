// Finds out what the running kernel supports, by trying. A version number does not show what was backported or left
// out.

import { Buffer } from 'node:buffer';
import { native } from '../native/binding.js';
import { constants, MSG_OOB, SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET } from '../native/constants.js';
import { EINVAL, ENOPROTOOPT, ENOTTY, EOPNOTSUPP } from '../native/errno.js';
import { systemError } from './errors.js';

/** The features that `features()` looks for. */
export interface Features {
  /** SOCK_SEQPACKET: `UnixSeqpacket` (Linux). */
  readonly seqpacket: boolean;
  /** Abstract addresses, autobind among them (Linux). */
  readonly abstract: boolean;
  /** Credentials with every message: `credentials: true` (SO_PASSCRED, Linux). */
  readonly credentials: boolean;
  /** A pidfd with every message: `pidfds: true` (SO_PASSPIDFD, Linux 6.5). */
  readonly pidfds: boolean;
  /** The kernel refuses unwanted descriptors at their sender (SO_PASSRIGHTS, Linux 6.16). */
  readonly refuseFds: boolean;
  /** A descriptor that is refused keeps its place: `fdPlaceholders: true` (SO_RIGHTS_NOTRUNC, Linux 7.3). */
  readonly fdPlaceholders: boolean;
  /** The time of every datagram and packet: `timestamps: true` (SO_TIMESTAMP, Linux). */
  readonly timestamps: boolean;
  /** `peerCredentials()` (SO_PEERCRED; LOCAL_PEERCRED on macOS). */
  readonly peerCredentials: boolean;
  /** `peerGroups()` (SO_PEERGROUPS, Linux 4.13). */
  readonly peerGroups: boolean;
  /** `peerPidFd()` (SO_PEERPIDFD, Linux 6.5). */
  readonly peerPidFd: boolean;
  /** `PidFd.open()` (pidfd_open(2), Linux 5.3). */
  readonly pidFdOpen: boolean;
  /** `info()` of a `PidFd` (PIDFD_GET_INFO, Linux 6.13). */
  readonly pidFdInfo: boolean;
  /** `peerSecurityLabel()`: a security module that labels sockets runs (SO_PEERSEC, Linux). */
  readonly peerSecurityLabel: boolean;
  /** `cookie` (SO_COOKIE, Linux 4.12). */
  readonly cookie: boolean;
  /** A label with every message, through `afunix/raw` (SO_PASSSEC, Linux 2.6.18). */
  readonly passSecurity: boolean;
  /** The bytes left in a stream with every read, through `afunix/raw` (SO_INQ, Linux 6.17). */
  readonly inq: boolean;
  /** Peeking on from where the last peek ended, through `afunix/raw` (SO_PEEK_OFF, Linux 3.4). */
  readonly peekOffset: boolean;
  /** Urgent bytes on streams, through `afunix/raw` (MSG_OOB, Linux 5.15). */
  readonly outOfBand: boolean;
  /** The memory a socket uses, through `afunix/raw` (SO_MEMINFO, Linux 4.12). */
  readonly memoryInfo: boolean;
  /** `busyPoll` (Node.js; it needs libuv's loop). */
  readonly busyPoll: boolean;
  /** Extended attributes `user.*` of sockets, through `afunix/raw` (fsetxattr(2), Linux 7.1). */
  readonly xattrs: boolean;
  /** The socket's file, through `afunix/raw` (SIOCUNIXFILE, Linux 4.12). */
  readonly socketFile: boolean;
}

let found: Features | undefined;

/**
 * Returns what this kernel supports. Each feature is tried once in this process. On a system that afunix is not made
 * for, such as Windows, all are false.
 */
export function features(): Features {
  found ??= Object.freeze(tryAll());
  return found;
}

const { raw } = native;
const UNKNOWN = new Set([ENOPROTOOPT, EOPNOTSUPP, EINVAL, ENOTTY]);

/** Finds out about each feature, with the descriptor of one socket of a pair. */
const trials: Readonly<Record<keyof Features, (fd: number) => boolean>> = {
  seqpacket: () => opens('SOCK_SEQPACKET'),
  abstract: bindsAbstract,
  credentials: (fd) => turnsOn(fd, 'SO_PASSCRED'),
  pidfds: (fd) => turnsOn(fd, 'SO_PASSPIDFD'),
  refuseFds: (fd) => turnsOn(fd, 'SO_PASSRIGHTS'),
  fdPlaceholders: (fd) => turnsOn(fd, 'SO_RIGHTS_NOTRUNC'),
  timestamps: bringsTime,
  peerCredentials: (fd) => typeof native.descriptors.peerCredentials(fd) !== 'number',
  peerGroups: (fd) => reads(fd, 'SO_PEERGROUPS', 65536 * 4),
  peerPidFd: hasPeerPidFd,
  pidFdOpen: () => withPidFd(() => true),
  pidFdInfo: () => withPidFd(hasPidFdInfo),
  peerSecurityLabel: (fd) => reads(fd, 'SO_PEERSEC', 4096),
  cookie: (fd) => reads(fd, 'SO_COOKIE', 8),
  passSecurity: (fd) => turnsOn(fd, 'SO_PASSSEC'),
  inq: (fd) => turnsOn(fd, 'SO_INQ'),
  peekOffset: (fd) => turnsOn(fd, 'SO_PEEK_OFF'),
  outOfBand: sendsUrgently,
  memoryInfo: (fd) => reads(fd, 'SO_MEMINFO', 64),
  busyPoll: () => native.hasLoop,
  xattrs: (fd) => raw.fsetxattr(fd, Buffer.from('user.afunix'), new Uint8Array(0), 0) === 0,
  socketFile: hasSocketFile,
};

function tryAll(): Features {
  const results = (isThere: (trial: (fd: number) => boolean) => boolean): Features => {
    const entries = Object.entries(trials).map(([name, trial]) => [name, isThere(trial)]);
    return Object.fromEntries(entries);
  };
  if (native.path === undefined) return results(() => false);
  const pair = native.sockets.openPair(SOCK_STREAM);
  if (typeof pair === 'number') throw systemError('socketpair', pair);
  const [one, other] = pair;
  try {
    return results((trial) => trial(one.fd));
  } finally {
    one.close();
    other.close();
  }
}

function reads(fd: number, name: string, size: number): boolean {
  const option = constants[name];
  if (option === undefined) return false;
  return !UNKNOWN.has(raw.getsockopt(fd, SOL_SOCKET, option, new Uint8Array(size)));
}

function turnsOn(fd: number, name: string): boolean {
  const option = constants[name];
  const value = new Uint8Array(Int32Array.of(1).buffer);
  return option !== undefined && raw.setsockopt(fd, SOL_SOCKET, option, value) === 0;
}

function opens(type: string): boolean {
  const number = constants[type];
  const handle = number === undefined ? -1 : native.sockets.open(number);
  if (typeof handle === 'number') return false;
  handle.close();
  return true;
}

function bindsAbstract(): boolean {
  const handle = native.sockets.open(SOCK_DGRAM);
  if (typeof handle === 'number') return false;
  try {
    // Autobind, which is abstract: no name of ours to meet another's.
    return raw.bind(handle.fd, new Uint8Array(0)) === 0;
  } finally {
    handle.close();
  }
}

/** macOS has the option for all sockets, and no time on those of this family. */
function bringsTime(): boolean {
  const pair = native.sockets.openPair(SOCK_DGRAM);
  if (typeof pair === 'number') return false;
  const [one, other] = pair;
  try {
    if (!turnsOn(other.fd, 'SO_TIMESTAMP')) return false;
    raw.send(one.fd, new Uint8Array(1), 0, undefined);
    const message = raw.recvmsg(other.fd, [new Uint8Array(1)], native.layout.controlCapacity, 0);
    return typeof message !== 'number' && message.timestamp !== undefined;
  } finally {
    one.close();
    other.close();
  }
}

function hasPeerPidFd(fd: number): boolean {
  const pidfd = native.descriptors.peerPidFd(fd);
  if (pidfd < 0) return false;
  native.descriptors.close(pidfd);
  return true;
}

function withPidFd(trial: (pidfd: number) => boolean): boolean {
  const pidfd = native.descriptors.openPidFd(process.pid);
  if (pidfd < 0) return false;
  const result = trial(pidfd);
  native.descriptors.close(pidfd);
  return result;
}

function hasPidFdInfo(pidfd: number): boolean {
  const info = new BigUint64Array(8);
  return native.descriptors.getPidFdInfo(pidfd, new Uint8Array(info.buffer)) === 0;
}

function sendsUrgently(fd: number): boolean {
  return raw.send(fd, new Uint8Array(1), MSG_OOB, undefined) === 1;
}

/** ENOENT means a socket without a file, EPERM a caller without CAP_NET_ADMIN: both kernels know the request. */
function hasSocketFile(fd: number): boolean {
  const request = constants.SIOCUNIXFILE;
  if (request === undefined) return false;
  const result = raw.ioctl(fd, request, 0);
  return typeof result !== 'number' || !UNKNOWN.has(result);
}
