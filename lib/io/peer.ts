// The process at the other end, as the kernel knows it.
import { addressFromKernel, type UnixAddress } from '../core/address.js';
import { CONSTRUCTING, checkConstructing } from '../core/constructing.js';
import type { Credentials } from '../core/credentials.js';
import { closedError, unavailable } from '../core/errors.js';
import { optionError, readOption } from '../core/sockopt.js';
import { markAsUncloneable } from '../core/uncloneable.js';
import { type Handle, native } from '../native/binding.js';
import { SO_PEERPIDFD } from '../native/constants.js';
import { ENODATA, ENOPROTOOPT, ENOTCONN, ERANGE } from '../native/errno.js';
import { PidFd } from './pidfd.js';

/** The kernel's answers where there is no peer, or where it does not know the peer. */
const noPeer = new Set([ENODATA, ENOTCONN]);
const noPeerOrRoom = new Set([...noPeer, ERANGE]);
const noPeerOrLabel = new Set([...noPeer, ENOPROTOOPT]);
/** NGROUPS_MAX of Linux. */
const MAX_GROUPS = 65536;

export function peerCredentials(fd: number): Credentials | null {
  const result = native.descriptors.peerCredentials(fd);
  if (typeof result !== 'number') return result;
  if (noPeer.has(result)) return null;
  throw optionError('getsockopt', result, 'SO_PEERCRED');
}

export function peerGroups(fd: number): number[] | null {
  for (let room = 64; ; room = MAX_GROUPS) {
    const groups = new Uint32Array(room);
    const bytes = new Uint8Array(groups.buffer);
    const expected = room < MAX_GROUPS ? noPeerOrRoom : noPeer;
    const length = readOption(fd, 'SO_PEERGROUPS', bytes, expected);
    if (length >= 0) return Array.from(groups.subarray(0, length / 4));
    if (length !== ERANGE) return null;
  }
}

export function peerPidFd(fd: number, socket: string): PidFd | null {
  if (SO_PEERPIDFD === undefined) throw unavailable('SO_PEERPIDFD');
  const result = native.descriptors.peerPidFd(fd);
  if (result >= 0) return new PidFd(CONSTRUCTING, result, `peer of ${socket}`);
  if (noPeer.has(result)) return null;
  throw optionError('getsockopt', result, 'SO_PEERPIDFD');
}

export function peerSecurityLabel(fd: number): string | null {
  const label = Buffer.alloc(4096);
  const length = readOption(fd, 'SO_PEERSEC', label, noPeerOrLabel);
  return length < 0 ? null : label.toString('utf8', 0, length).replace(/\0+$/, '');
}

/**
 * The process that asks to be let in. All but `pid`, `uid` and `gid` is read from the kernel while the connection is
 * open. Once it is closed, reading throws `ERR_SOCKET_CLOSED`.
 */
export class Peer implements Credentials {
  /** The process that connected. -1 if the system does not report it. */
  readonly pid: number;
  /** The user of the process when it connected. -1 if the system does not report it. */
  readonly uid: number;
  /** The group of the process when it connected. -1 if the system does not report it. */
  readonly gid: number;
  readonly #handle: Handle;

  /** @internal The peer of an open handle. */
  constructor(key: typeof CONSTRUCTING, handle: Handle) {
    checkConstructing(key, 'Peer', "a listener's option authorize, which is called with one");
    const { pid, uid, gid } = peerCredentials(handle.fd) ?? { pid: -1, uid: -1, gid: -1 };
    this.pid = pid;
    this.uid = uid;
    this.gid = gid;
    this.#handle = handle;
    markAsUncloneable(this);
  }

  /** The connection's descriptor. Throws once that is closed: its number may be another one's by then. */
  get #fd(): number {
    const { fd } = this.#handle;
    if (fd < 0) throw closedError();
    return fd;
  }

  /** The address it is bound to; unnamed if to none, or if the kernel's answer cannot be right here. */
  get address(): UnixAddress | null {
    const bytes = native.raw.getpeername(this.#fd);
    return typeof bytes === 'number' ? null : addressFromKernel(bytes);
  }

  /** Its supplementary groups when it connected (Linux 4.13). */
  get groups(): number[] | null {
    return peerGroups(this.#fd);
  }

  /** Its security label; null where the system has none. */
  get securityLabel(): string | null {
    return peerSecurityLabel(this.#fd);
  }

  /** Returns a pidfd of the process (Linux 6.5), the caller's to close. The pid may be another process's by now. */
  pidFd(): PidFd | null {
    return peerPidFd(this.#fd, `connection ${this.#fd}`);
  }
}
