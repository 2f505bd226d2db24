import { clearTimeout, setTimeout } from './timers.js';

/**
 * Calls an action after a while, for what no event announces. At most one action waits. While it does, the timer
 * keeps the process alive, unless the socket that it works for is unreferenced.
 */
export class RetryTimer {
  #timer: NodeJS.Timeout | undefined;
  /** The last delay of the back-off, in milliseconds; 0 before the first. */
  #delay = 0;
  #referenced: boolean;

  constructor(referenced = true) {
    this.#referenced = referenced;
  }

  /** Whether an action waits. */
  get pending(): boolean {
    return this.#timer !== undefined;
  }

  /** Calls `action` after `milliseconds`, in place of the one that waits. */
  after(milliseconds: number, action: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      action();
    }, milliseconds);
    if (!this.#referenced) this.#timer.unref();
  }

  /** Calls `action` after the next delay of the back-off, in place of the action that waits. */
  backOff(first: number, longest: number, action: () => void): void {
    this.after(this.nextDelay(first, longest), action);
  }

  /** Returns the next delay of the back-off: `first` milliseconds, then twice the last, up to `longest`. */
  nextDelay(first: number, longest: number): number {
    this.#delay = Math.min(this.#delay === 0 ? first : this.#delay * 2, longest);
    return this.#delay;
  }

  /** Begins the back-off anew, after a success. */
  reset(): void {
    this.#delay = 0;
  }

  /** Drops the action that waits. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Sets whether waiting keeps the process alive. */
  setReference(referenced: boolean): void {
    this.#referenced = referenced;
    if (referenced) this.#timer?.ref();
    else this.#timer?.unref();
  }
}
