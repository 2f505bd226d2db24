import { readFileSync } from 'node:fs';
import { constants as system } from 'node:os';
import { CONSTRUCTING, checkConstructing } from '../core/constructing.js';
import { check, closedError, codedError, invalidArgValue, unavailable } from '../core/errors.js';
import { numberOf } from '../core/fd-like.js';
import { FileDescriptor, OWNED } from '../core/file-descriptor.js';
import { kindOf } from '../core/file-kind.js';
import { Known } from '../core/known.js';
import { type WaitOptions, waitUntilReady } from '../core/readiness.js';
import { descriptorNumber, integer } from '../core/validate.js';
import { native, READABLE } from '../native/binding.js';
import { EBADF, ENOSYS, ESRCH } from '../native/errno.js';
import { type ProcessInfo, processIdOf, processInfoOf } from './process-info.js';

/** Options of `waitExit`. */
export type WaitExitOptions = WaitOptions;

const WAIT_EXIT = new Known<WaitExitOptions>('PidFd.waitExit', { signal: 1, ref: 1 });
const { descriptors } = native;

/**
 * A descriptor of a process, not of its number: it never comes to mean another process that was given
 * the same pid. Linux. See pidfd_open(2).
 */
export class PidFd extends FileDescriptor {
  /** @internal Takes `fd` over, a pidfd that the addon owns. */
  constructor(key: typeof CONSTRUCTING, fd: number, origin: string) {
    checkConstructing(
      key,
      'PidFd',
      'PidFd.open(), PidFd.fromFd(), peerPidFd() of a socket, or its option pidfds',
    );
    super(fd, origin, OWNED);
  }

  /**
   * Opens the process that has this id now (pidfd_open(2), Linux 5.3). It may be any process. Only of a child that was
   * not waited for is it certain that the id is not another process's by now. Throws `ESRCH` if there is none, `EINVAL`
   * for the id of a thread, `EMFILE`, `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on an older kernel and on macOS.
   */
  static open(pid: number): PidFd {
    const fd = available('pidfd_open', descriptors.openPidFd(integer('pid', pid, 1)));
    return new PidFd(CONSTRUCTING, fd, `process ${pid}`);
  }

  /**
   * Takes over a pidfd, by number or from its owner, such as one that a message brought. Throws `ERR_INVALID_ARG_VALUE`
   * if it is no pidfd, `EBADF` if it is not open, `ERR_SOCKET_CLOSED`; ownership then stays where it was.
   */
  static fromFd(fd: number | FileDescriptor): PidFd {
    const number = numberOf(fd);
    // A directory of /proc may be signalled as well.
    const fits = kindOf(number) !== 'directory' && descriptors.signalPidFd(number, 0) !== EBADF;
    if (!fits) throw invalidArgValue('fd', 'must be a pidfd', number);
    if (fd instanceof FileDescriptor) fd.detach();
    descriptors.own(number);
    return new PidFd(CONSTRUCTING, number, 'adopted');
  }

  /**
   * The id of the process in this pid namespace: 0 if it cannot be seen from here, -1 once it has ended and was reaped.
   * The id may then be another process's. Throws `ERR_SOCKET_CLOSED`; `ENOENT` on kernels before 6.13 if /proc is not
   * mounted.
   */
  get pid(): number {
    const fd = this.#live();
    const pid = processIdOf(fd);
    if (pid === ESRCH) return -1;
    if (pid > 0) return pid;
    const fields = readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1');
    return Number(/^Pid:\s*(-?\d+)$/m.exec(fields)?.[1] ?? 0);
  }

  /**
   * Sends a signal (default SIGTERM), by its name or number, to this process and no other (pidfd_send_signal(2),
   * Linux 5.1). 0 only checks that it could be sent. Throws `ESRCH` if the process has ended, `EPERM` without the
   * right, `EINVAL` if the process is in a pid namespace that is not seen from here, `ERR_UNKNOWN_SIGNAL`,
   * `ERR_SOCKET_CLOSED`, `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on an older kernel.
   */
  signal(signal: NodeJS.Signals | number = 'SIGTERM'): void {
    const number = signalNumber(signal);
    available('pidfd_send_signal', descriptors.signalPidFd(this.#live(), number));
  }

  /**
   * Duplicates the process's descriptor number `fd` into this process (pidfd_getfd(2), Linux 5.6): both share the open
   * file. The duplicate is the caller's to close. Throws `EPERM` unless the caller may ptrace(2) the process, `EBADF` if
   * the process has no such descriptor, `ESRCH` if it has ended, `EMFILE`, `ERR_SOCKET_CLOSED`,
   * `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on an older kernel.
   */
  getFd(fd: number): FileDescriptor {
    const pidfd = this.#live();
    const number = descriptorNumber('fd', fd);
    const copy = available('pidfd_getfd', descriptors.getPidFdDescriptor(pidfd, number));
    return new FileDescriptor(copy, `descriptor ${number} of another process`, OWNED);
  }

  /**
   * Returns who the process is and, once its parent has reaped it, how it ended (PIDFD_GET_INFO, Linux 6.13; `exit` and
   * what follows the end 6.15). `features().pidFdInfo` says whether the kernel has it. Throws `ENOTTY` if not, `ESRCH`
   * for a process that was reaped on Linux 6.13 and 6.14, `ERR_SOCKET_CLOSED`.
   */
  info(): ProcessInfo {
    return processInfoOf(this.#live());
  }

  /**
   * Resolves when the process has ended: at once if it has already. It need not be a child, and is
   * not reaped. The wait holds a duplicate: closing this descriptor does not end it, `signal` does.
   * Rejects with EMFILE, and ERR_SOCKET_CLOSED once this is closed.
   */
  waitExit(options?: WaitExitOptions): Promise<void> {
    try {
      // A pidfd becomes readable when its process ends, and stays readable.
      return waitUntilReady(this.#live(), READABLE, options, WAIT_EXIT).promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #live(): number {
    if (this.closed) throw closedError();
    return this.fd;
  }
}

/** Returns the result of a call that older kernels lack. */
function available(syscall: string, result: number): number {
  if (result === ENOSYS) throw unavailable(syscall);
  return check(syscall, result);
}

/** The largest signal number there is (mips). */
const MAX_SIGNAL = 128;

function signalNumber(signal: unknown): number {
  if (typeof signal !== 'string') return integer('signal', signal, 0, MAX_SIGNAL);
  const number = Object.hasOwn(system.signals, signal)
    ? system.signals[signal as NodeJS.Signals]
    : undefined;
  if (number !== undefined) return number;
  throw codedError(TypeError, 'ERR_UNKNOWN_SIGNAL', `Unknown signal: ${signal}`);
}
