import { readlinkSync } from 'node:fs';
import { env } from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { CONSTRUCTING, checkConstructing } from '../core/constructing.js';
import {
  check,
  invalidArgType,
  invalidArgValue,
  invalidState,
  systemError,
} from '../core/errors.js';
import { FileDescriptor } from '../core/file-descriptor.js';
import { Known } from '../core/known.js';
import { optionsOf } from '../core/validate.js';
import { native } from '../native/binding.js';
import { namesThisProcess, numberIn } from './service-environment.js';

/** Options of `listenFds`. */
export interface ListenFdsOptions {
  /**
   * Removes the variables LISTEN_* from `process.env`, whatever comes of it, so that processes which
   * this one starts do not see them. Default false.
   */
  unsetEnvironment?: boolean;
}

const LISTEN_FDS = new Known<ListenFdsOptions>('listenFds', { unsetEnvironment: 1 });

/**
 * A descriptor that the service manager passed: a socket it listens on for this service, or one that
 * an earlier run of the service stored. It is its owner's to convert (`fromFd()` of `afunix`,
 * `toNetServer()`, `toDgramSocket()`, ...) or to close.
 */
export class ListenFd extends FileDescriptor {
  /**
   * What the manager calls it: FileDescriptorName= of the socket unit, or what `storeFds` was given.
   * Several may have one name. `'unknown'` where the manager gives no names.
   */
  readonly name: string;

  /** @internal Takes `fd` over. */
  constructor(key: typeof CONSTRUCTING, fd: number, name: string) {
    checkConstructing(key, 'ListenFd', 'listenFds()');
    super(fd, `passed by the service manager as ${name}`);
    this.name = name;
  }
}

const EBADF = -(native.errnos.EBADF as number);
const S_IFMT = native.constants.S_IFMT as number;
/**
 * What Node opens first, and so where the manager's end: its event loop. Close-on-exec does not tell, for
 * Node sets it on what it inherits.
 */
const OF_A_LOOP = /^anon_inode:\[(eventpoll|io_uring)\]$/;

/** SD_LISTEN_FDS_START. */
const FIRST = 3;
const VARIABLES = ['LISTEN_PID', 'LISTEN_PIDFDID', 'LISTEN_FDS', 'LISTEN_FDNAMES'];

let taken: readonly ListenFd[] | undefined;

/**
 * The descriptors that the service manager passed to this process (LISTEN_PID, LISTEN_FDS,
 * LISTEN_FDNAMES), in its order, each close-on-exec; none if it was not started that way. The first
 * call takes them, a later one returns the same. None is ever closed by itself: close what you do not use.
 *
 * Throws `ERR_INVALID_ARG_VALUE` for variables that contradict themselves, EBADF if a descriptor is not
 * open, or is an event loop (Node's own, so that fewer were passed than LISTEN_FDS says), and all stay as they are then; `ERR_INVALID_STATE` in a worker, whose descriptors they are not:
 * `detach()` one in the main thread, and give the worker its number. See sd_listen_fds_with_names(3).
 */
export function listenFds(options?: ListenFdsOptions): readonly ListenFd[] {
  const { unsetEnvironment = false } = optionsOf(options, LISTEN_FDS);
  if (typeof unsetEnvironment !== 'boolean') {
    throw invalidArgType('options.unsetEnvironment', 'of type boolean', unsetEnvironment);
  }
  try {
    taken ??= take();
    return taken ?? [];
  } finally {
    if (unsetEnvironment) for (const variable of VARIABLES) delete env[variable];
  }
}

/** Undefined where there is nothing to take. */
function take(): readonly ListenFd[] | undefined {
  if (namesThisProcess('LISTEN_PID') !== true) return undefined;
  const count = numberIn('LISTEN_FDS');
  if (count === undefined) return undefined;
  if (!isMainThread) throw invalidState('the main thread takes the descriptors, not a worker');
  const names = namesOf(count);
  // All are looked at before any is changed.
  for (let fd = FIRST; fd < FIRST + count; fd++) checkPassed(fd);
  for (let fd = FIRST; fd < FIRST + count; fd++) check('fcntl', native.descriptors.closeOnExec(fd));
  return Object.freeze(
    Array.from({ length: count }, (_, index) => {
      return new ListenFd(CONSTRUCTING, FIRST + index, names?.[index] ?? 'unknown');
    }),
  );
}

/** Throws EBADF for a descriptor that is not open, or that Node opened for itself. */
function checkPassed(fd: number): void {
  const mode = check('fcntl', native.descriptors.mode(fd));
  if ((mode & S_IFMT) === 0 && OF_A_LOOP.test(targetOf(fd))) throw systemError('fcntl', EBADF);
}

function targetOf(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

function namesOf(count: number): string[] | undefined {
  const names = env.LISTEN_FDNAMES?.split(':');
  if (names !== undefined && names.length !== count) {
    throw invalidArgValue(
      'process.env.LISTEN_FDNAMES',
      `must have ${count} names, as LISTEN_FDS says`,
      env.LISTEN_FDNAMES,
    );
  }
  return names;
}
