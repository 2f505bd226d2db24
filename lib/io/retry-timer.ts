import { clearTimeout, setTimeout } from '../core/timers.js';

/**
 * What is tried again after a while, because nothing tells when it is time. The timer keeps the process
 * alive as the socket does that waits for it.
 */
export class Retry {
  #timer: NodeJS.Timeout | undefined;
  #referenced: boolean;

  constructor(referenced = true) {
    this.#referenced = referenced;
  }

  /** Whether it waits. */
  get pending(): boolean {
    return this.#timer !== undefined;
  }

  /** Calls `action` after `milliseconds`, instead of what it waited for before. */
  after(milliseconds: number, action: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      action();
    }, milliseconds);
    if (!this.#referenced) this.#timer.unref();
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Whether waiting keeps the process alive. */
  setReference(referenced: boolean): void {
    this.#referenced = referenced;
    if (referenced) this.#timer?.ref();
    else this.#timer?.unref();
  }
}
