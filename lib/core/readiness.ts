// Waits until the event loop finds a descriptor readable or writable.
import { native, READABLE } from '../native/binding.js';
import { POLLERR, POLLHUP, POLLIN, POLLOUT } from '../native/constants.js';
import { EPERM } from '../native/errno.js';
import { Deferred } from './deferred.js';
import { isShortage, systemError } from './errors.js';
import { Known } from './known.js';
import { RetryTimer } from './retry-timer.js';
import { checkSignal, optionsOf } from './validate.js';

/** Options of `readable()` and `writable()` of a `FileDescriptor`. */
export interface WaitOptions {
  /** Stops waiting, with an `AbortError`. */
  signal?: AbortSignal;
  /** Whether the wait keeps this process alive. Default true. */
  ref?: boolean;
}

const READABLE_OPTIONS = new Known<WaitOptions>('readable', {
  signal: 1,
  ref: 1,
});
const WRITABLE_OPTIONS = new Known<WaitOptions>('writable', {
  signal: 1,
  ref: 1,
});

/** A wait that has begun. */
interface Wait {
  readonly promise: Promise<void>;
  /** Ends the wait with an error, unless it has ended. */
  cancel(error: Error): void;
}

/**
 * Begins to wait on a duplicate of `fd` until `event`, READABLE or WRITABLE, is there. An error or a hang-up counts as
 * both. Calls `ended` when the wait ends. Throws what dup(2) and epoll_ctl(2) say, and what a faulty signal throws.
 */
export function waitUntilReady(
  fd: number,
  event: number,
  options: WaitOptions | undefined,
  known: Known<WaitOptions>,
  ended?: () => void,
): Wait {
  const { signal, ref = true } = optionsOf(options, known);
  checkSignal(signal);
  const handle = native.sockets.watch(fd);
  if (typeof handle === 'number') throw systemError('dup', handle);
  const retry = new RetryTimer(ref);
  const stop = (): void => {
    retry.cancel();
    handle.close();
    ended?.();
  };
  const arm = (): number => (event === READABLE ? handle.waitReadable(0) : handle.waitWritable());
  let deferred: Deferred<void>;
  try {
    if (!ref) handle.unref();
    const armed = arm();
    if (armed < 0) throw pollerError(armed);
    // Last: a signal would reject a promise that nobody has.
    deferred = new Deferred<void>(signal, stop);
  } catch (error) {
    stop();
    throw error;
  }
  const cancel = (error: Error): void => {
    stop();
    deferred.reject(error);
  };
  const again = (): void => {
    const armed = arm();
    // There may be memory to watch it later.
    if (isShortage(armed)) retry.backOff(10, 1000, again);
    else if (armed < 0) cancel(pollerError(armed));
  };
  const asked = (event === READABLE ? POLLIN : POLLOUT) | POLLERR | POLLHUP;
  const look = (): void => {
    // The event says that it was ready. Another reader may have been faster.
    const found = native.raw.poll(handle.fd, asked);
    if (found < 0) {
      cancel(systemError('poll', found));
    } else if (found === 0) {
      again();
    } else {
      stop();
      deferred.resolve();
    }
  };
  handle.owner = { onReadable: look, onWritable: look };
  return { promise: deferred.promise, cancel };
}

function pollerError(errno: number): Error {
  if (errno !== EPERM) return systemError('epoll_ctl', errno);
  const hint = 'no event tells when this kind of file is ready; a regular file always is';
  return systemError('epoll_ctl', errno, undefined, { hint });
}

/** The waits on one descriptor. */
export class Waits {
  readonly #pending = new Set<Wait>();

  /** Waits as `waitUntilReady` does. `owner` is not collected while this waits. */
  begin(owner: object, fd: number, event: number, options: WaitOptions | undefined): Promise<void> {
    let wait: Wait | undefined;
    let held: object | undefined = owner;
    const ended = (): void => {
      if (wait !== undefined && held !== undefined) this.#pending.delete(wait);
      held = undefined;
    };
    const known = event === READABLE ? READABLE_OPTIONS : WRITABLE_OPTIONS;
    wait = waitUntilReady(fd, event, options, known, ended);
    this.#pending.add(wait);
    return wait.promise;
  }

  /** Rejects them all. */
  cancel(error: Error): void {
    for (const wait of this.#pending) wait.cancel(error);
  }
}
