import { isShortage } from '../core/errors.js';
import type { RetryTimer } from '../core/retry-timer.js';
import { type Handle, READABLE } from '../native/binding.js';
import { EAGAIN, ECONNABORTED } from '../native/errno.js';

/** Milliseconds between two tries to accept without a free descriptor. */
const FIRST_PAUSE = 10;
const LONGEST_PAUSE = 1000;
/** The longest that a timer can wait, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Accepts connections of a listening socket. It pauses, with back-off, while the process is out of descriptors: the
 * socket stays readable then, so that waiting for its event would spin.
 */
export class Acceptor {
  readonly #retry: RetryTimer;
  readonly #resume: () => void;
  readonly #onPause: (errno: number) => void;
  #held = false;

  /** `resume` is called when a pause is over, `onPause` when one begins. */
  constructor(retry: RetryTimer, resume: () => void, onPause: (errno: number) => void = () => {}) {
    this.#retry = retry;
    this.#resume = resume;
    this.#onPause = onPause;
  }

  /** Whether it waits for descriptors or for `release()`. */
  get paused(): boolean {
    return this.#retry.pending;
  }

  /**
   * Returns the next connection. Returns -EAGAIN if there is none, or no descriptor to accept it with, and another
   * -errno for an error that does not pass.
   */
  next(handle: Handle): Handle | number {
    if (this.paused) return EAGAIN;
    for (;;) {
      const accepted = handle.accept();
      if (typeof accepted !== 'number') {
        this.#retry.reset();
        return accepted;
      }
      if (accepted === ECONNABORTED) continue;
      if (!isShortage(accepted)) return accepted;
      handle.stop(READABLE);
      this.#pause(accepted);
      return EAGAIN;
    }
  }

  /**
   * Accepts nothing until `release()`. Until then a timer keeps the process alive, and the listener from being
   * collected, as its events do otherwise.
   */
  hold(handle: Handle): void {
    if (this.paused) return;
    handle.stop(READABLE);
    this.#held = true;
    this.#retry.after(LONGEST_TIMER, this.#resume);
  }

  /** Accepts again after `hold()`. Returns whether it was held. */
  release(): boolean {
    const held = this.#held && this.paused;
    this.#held = false;
    if (held) this.#retry.cancel();
    return held;
  }

  /**
   * Waits for the next connection. The first wait of a process needs a descriptor for the poller. It pauses if there is
   * none. Returns 0 or -errno.
   */
  wait(handle: Handle): number {
    if (this.paused) return 0;
    const result = handle.waitReadable(0);
    if (!isShortage(result)) return result;
    this.#pause(result);
    return 0;
  }

  #pause(errno: number): void {
    this.#held = false;
    this.#retry.backOff(FIRST_PAUSE, LONGEST_PAUSE, this.#resume);
    this.#onPause(errno);
  }
}
