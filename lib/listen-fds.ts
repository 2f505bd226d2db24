import { env } from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { optionsOf } from './arguments.js';
import { check, invalidArgType, invalidArgValue, invalidState } from './errors.js';
import { FileDescriptor } from './file-descriptor.js';
import { native } from './native.js';
import { namesThisProcess, numberIn } from './service-environment.js';

/** Options of `listenFds`. */
export interface ListenFdsOptions {
  /**
   * Removes the variables LISTEN_* from `process.env`, whatever comes of it, so that processes which
   * this one starts do not see them. Default false.
   */
  unsetEnvironment?: boolean;
}

/**
 * A descriptor that the service manager passed: a socket it listens on for this service, or one that
 * an earlier run of the service stored. It is its owner's to convert (`toUnix()`, `toNetServer()`,
 * `toDgramSocket()`, ...) or to close.
 */
export class ListenFd extends FileDescriptor {
  /**
   * What the manager calls it: FileDescriptorName= of the socket unit, or what `storeFds` was given.
   * Several may have one name. `'unknown'` where the manager gives no names.
   */
  readonly name: string;

  /** @internal Takes `fd` over. */
  constructor(fd: number, name: string) {
    super(fd, `passed by the service manager as ${name}`);
    this.name = name;
  }
}

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
 * open (all then stay as they are), and `ERR_INVALID_STATE` in a worker, whose descriptors they are not:
 * `detach()` one in the main thread, and give the worker its number. See sd_listen_fds_with_names(3).
 */
export function listenFds(options?: ListenFdsOptions): readonly ListenFd[] {
  const { unsetEnvironment = false } = optionsOf(options);
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
  for (let fd = FIRST; fd < FIRST + count; fd++) check('fcntl', native.closeOnExec(fd));
  return Object.freeze(
    Array.from({ length: count }, (_, index) => {
      return new ListenFd(FIRST + index, names?.[index] ?? 'unknown');
    }),
  );
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
