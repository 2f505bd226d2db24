// What the kernel tells of the process of a pidfd (PIDFD_GET_INFO).
import { constants as system } from 'node:os';
import { check, unavailable } from '../core/errors.js';
import { native } from '../native/binding.js';
import { ENOSYS } from '../native/errno.js';

/** How a process ended. */
export interface ProcessExit {
  /** The exit code, 0 to 255; null if a signal ended it. */
  readonly code: number | null;
  /** The signal that ended it; null if it exited. */
  readonly signal: NodeJS.Signals | null;
  /** Whether it left a core dump. */
  readonly coreDumped: boolean;
}

/** A process as `info()` of a `PidFd` finds it. All but `cgroupId` and `exit` is null once the process was reaped. */
export interface ProcessInfo {
  /** The process id, as this pid namespace numbers it. */
  readonly pid: number | null;
  /** The id of its parent; 0 if that cannot be seen from here. */
  readonly parentPid: number | null;
  /** The effective user id, as this user namespace numbers it. */
  readonly uid: number | null;
  /** The effective group id. */
  readonly gid: number | null;
  /** The real user id. */
  readonly realUid: number | null;
  /** The real group id. */
  readonly realGid: number | null;
  /** The id of its cgroup in version 2 of the hierarchy: the inode of the cgroup's directory. Null if not told. */
  readonly cgroupId: bigint | null;
  /** How it ended (Linux 6.15). Null until its parent has reaped it, and on older kernels. */
  readonly exit: ProcessExit | null;
}

/** Bits of the mask: what is asked for, and then what is there. */
const PID = 1n;
const CREDENTIALS = 2n;
const CGROUP = 4n;
const EXIT = 8n;

/** Indexes of the fields of struct pidfd_info, in numbers of 32 bits. */
const TGID = 5;
const PARENT = 6;
const REAL_UID = 7;
const REAL_GID = 8;
const UID = 9;
const GID = 10;
const EXIT_CODE = 15;

const signals = new Map(
  Object.entries(system.signals).map(([name, number]) => [number, name as NodeJS.Signals]),
);

/** Returns the id of a pidfd's process, or the -errno of PIDFD_GET_INFO. */
export function processIdOf(pidfd: number): number {
  const { words, bytes } = request(PID);
  const result = native.descriptors.getPidFdInfo(pidfd, bytes);
  return result < 0 ? result : (words[TGID] as number);
}

/** Returns all that the kernel tells. Throws `ENOTTY`, `ESRCH`. */
export function processInfoOf(pidfd: number): ProcessInfo {
  const { words, longs, bytes } = request(PID | CREDENTIALS | CGROUP | EXIT);
  const result = native.descriptors.getPidFdInfo(pidfd, bytes);
  if (result === ENOSYS) throw unavailable('PIDFD_GET_INFO');
  check('ioctl', result);
  const [found, cgroup] = longs as unknown as [bigint, bigint];
  const field = (bit: bigint, index: number): number | null =>
    (found & bit) === 0n ? null : (words[index] as number);
  return {
    pid: field(PID, TGID),
    parentPid: field(PID, PARENT),
    uid: field(CREDENTIALS, UID),
    gid: field(CREDENTIALS, GID),
    realUid: field(CREDENTIALS, REAL_UID),
    realGid: field(CREDENTIALS, REAL_GID),
    cgroupId: (found & CGROUP) === 0n ? null : cgroup,
    exit: (found & EXIT) === 0n ? null : exitOf(words[EXIT_CODE] as number),
  };
}

/** Makes a struct pidfd_info that asks for the fields of `mask`. */
function request(mask: bigint): { bytes: Uint8Array; words: Uint32Array; longs: BigUint64Array } {
  const longs = new BigUint64Array(8);
  longs[0] = mask;
  return { bytes: new Uint8Array(longs.buffer), words: new Uint32Array(longs.buffer), longs };
}

/** Reads a status as waitpid(2) returns it. */
function exitOf(status: number): ProcessExit {
  const number = status & 0x7f;
  return {
    code: number === 0 ? (status >> 8) & 0xff : null,
    signal: number === 0 ? null : (signals.get(number) ?? null),
    coreDumped: (status & 0x80) !== 0,
  };
}
