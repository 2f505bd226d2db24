/**
 * Decides whether to try a call at once or to wait for the poller first. A try that finds nothing costs a system call.
 * After each such try more of the next are left out, until one finds something. Nothing is lost by waiting, because the
 * poller is level-triggered.
 */
export class Speculation {
  readonly #limit: number;
  #left = 0;
  #next = 1;

  /** At most `limit` tries are left out in a row. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether to try now. */
  shouldTry(): boolean {
    if (this.#left === 0) return true;
    this.#left -= 1;
    return false;
  }

  /** Notes that everything there was has been taken, so that the next try is left out. */
  exhausted(): void {
    if (this.#left === 0) this.#left = 1;
  }

  /** Records whether a try found something. */
  record(found: boolean): void {
    if (found) {
      this.#next = 1;
      return;
    }
    this.#left = this.#next;
    this.#next = Math.min(this.#next * 2 + 1, this.#limit);
  }
}
