import { type CONSTRUCTING, checkConstructing } from '../core/constructing.js';
import { closedError, systemError } from '../core/errors.js';
import { FileDescriptor, OWNED } from '../core/file-descriptor.js';
import { Known } from '../core/known.js';
import { checkSignal, optionsOf } from '../core/validate.js';
import { native } from '../native/binding.js';
import { Deferred } from './deferred.js';
import { RetryTimer } from './retry-timer.js';

/** Options of `waitExit`. */
export interface WaitExitOptions {
  /** Stops waiting, with an `AbortError`. */
  signal?: AbortSignal;
  /** Whether the wait keeps this process alive. Default true. */
  ref?: boolean;
}

const WAIT_EXIT = new Known<WaitExitOptions>('PidFd.waitExit', { signal: 1, ref: 1 });

/**
 * A descriptor of a process, not of its number: it never comes to mean another process that was given
 * the same pid. See pidfd_open(2).
 */
export class PidFd extends FileDescriptor {
  /** @internal Takes `fd` over, a pidfd that the addon owns. */
  constructor(key: typeof CONSTRUCTING, fd: number, origin: string) {
    checkConstructing(key, 'PidFd', 'peerPidFd() of a socket, or its option pidfds');
    super(fd, origin, OWNED);
  }

  /**
   * Resolves when the process has ended: at once if it has already. It need not be a child, and is
   * not reaped. The wait holds a duplicate: closing this descriptor does not end it, `signal` does.
   * Rejects with EMFILE, and ERR_SOCKET_CLOSED once this is closed.
   */
  waitExit(options?: WaitExitOptions): Promise<void> {
    try {
      const { signal, ref = true } = optionsOf(options, WAIT_EXIT);
      checkSignal(signal);
      if (this.closed) throw closedError();
      const handle = native.sockets.watch(this.fd);
      if (typeof handle === 'number') throw systemError('dup', handle);
      const retry = new RetryTimer(ref);
      const deferred = new Deferred<void>(signal, () => {
        retry.cancel();
        handle.close();
      });
      const fail = (errno: number): void => {
        handle.close();
        deferred.reject(systemError('poll', errno));
      };
      const wait = (): void => {
        const result = handle.waitReadable(0);
        if (result < 0) fail(result);
      };
      handle.owner = {
        // A pidfd becomes readable when its process ends, and stays readable.
        onReadable() {
          const readable = native.descriptors.readable(handle.fd);
          if (readable < 0) return fail(readable);
          if (readable === 0) {
            // The poller had no memory to watch it. There may be some again.
            retry.backOff(10, 1000, wait);
            return;
          }
          handle.close();
          deferred.resolve();
        },
        onWritable() {},
      };
      if (!ref) handle.unref();
      wait();
      return deferred.promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }
}
