/**
 * Says whether to try a call at once or to wait for the poller first. A try that finds nothing costs a
 * system call: after each in vain, more of the next are left out; one that finds something ends that.
 * Nothing is lost by waiting: the poller is level-triggered.
 */
export class Speculation {
  readonly #limit: number;
  #left = 0;
  #next = 1;

  /** `limit`: the most tries that are left out in a row. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether to try now. */
  shouldTry(): boolean {
    if (this.#left === 0) return true;
    this.#left -= 1;
    return false;
  }

  /** All there was has been taken: the next try would be in vain. */
  exhausted(): void {
    if (this.#left === 0) this.#left = 1;
  }

  /** What a try came to. */
  record(found: boolean): void {
    if (found) {
      this.#next = 1;
      return;
    }
    this.#left = this.#next;
    this.#next = Math.min(this.#next * 2 + 1, this.#limit);
  }
}
