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
import { S_IFMT } from '../native/constants.js';
import { EBADF } from '../native/errno.js';
import { namesThisProcess, numberIn } from './service-environment.js';

/** Options of `listenFds`. */
export interface ListenFdsOptions {
  /**
   * Removes the variables LISTEN_* from `process.env`, even if the call throws. Child processes do not see
   * them then. Default false.
   */
  unsetEnvironment?: boolean;
}

const LISTEN_FDS = new Known<ListenFdsOptions>('listenFds', { unsetEnvironment: 1 });

/**
 * A descriptor that the service manager passed: a socket that the manager listens on for this service, or one
 * that an earlier run of the service stored. Its owner converts it (`fromFd()` of `afunix`, `toNetServer()`,
 * `toDgramSocket()`, ...) or closes it.
 */
export class ListenFd extends FileDescriptor {
  /**
   * The name that the manager has for it: FileDescriptorName= of the socket unit, or the `name` of `storeFds`.
   * Several may have the same name. `'unknown'` if the manager gives no names.
   */
  readonly name: string;

  /** @internal Takes `fd` over. */
  constructor(key: typeof CONSTRUCTING, fd: number, name: string) {
    checkConstructing(key, 'ListenFd', 'listenFds()');
    super(fd, `passed by the service manager as ${name}`);
    this.name = name;
  }
}

/**
 * The event loop of Node.js, which is the first descriptor after those of the manager. Close-on-exec does not show
 * where these end: Node.js sets it on inherited descriptors, too.
 */
const EVENT_LOOP = /^anon_inode:\[(eventpoll|io_uring)\]$/;

/** SD_LISTEN_FDS_START. */
const FIRST = 3;
const VARIABLES = ['LISTEN_PID', 'LISTEN_PIDFDID', 'LISTEN_FDS', 'LISTEN_FDNAMES'];

let taken: readonly ListenFd[] | undefined;

/**
 * Returns the descriptors that the service manager passed to this process (LISTEN_PID, LISTEN_FDS,
 * LISTEN_FDNAMES), in the manager's order, each close-on-exec; none if it was not started that way. The first
 * call takes them, later calls return the same ones. They stay open until closed: close those you do not use.
 *
 * Throws `ERR_INVALID_ARG_VALUE` for variables that contradict each other. Throws EBADF if a descriptor is not
 * open, or is the event loop of Node.js, because fewer were passed than LISTEN_FDS says. All stay as they are then.
 * Throws `ERR_INVALID_STATE` in a worker, which does not own them: `detach()` one in the main thread, and post its
 * number to the worker. See sd_listen_fds_with_names(3).
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

/** Takes the descriptors. Returns undefined if none were passed to this process. */
function take(): readonly ListenFd[] | undefined {
  if (namesThisProcess('LISTEN_PID') !== true) return undefined;
  const count = numberIn('LISTEN_FDS');
  if (count === undefined) return undefined;
  if (!isMainThread) throw invalidState('the main thread takes the descriptors, not a worker');
  const names = namesOf(count);
  // All are checked before any is changed.
  for (let fd = FIRST; fd < FIRST + count; fd++) checkPassed(fd);
  for (let fd = FIRST; fd < FIRST + count; fd++) check('fcntl', native.descriptors.closeOnExec(fd));
  return Object.freeze(
    Array.from({ length: count }, (_, index) => {
      return new ListenFd(CONSTRUCTING, FIRST + index, names?.[index] ?? 'unknown');
    }),
  );
}

/** Throws EBADF for a descriptor that is not open, or that Node.js opened for itself. */
function checkPassed(fd: number): void {
  const mode = check('fcntl', native.descriptors.mode(fd));
  if ((mode & S_IFMT) === 0 && EVENT_LOOP.test(targetOf(fd))) throw systemError('fcntl', EBADF);
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
