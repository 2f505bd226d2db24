/**
 * Waiting for what the kernel cannot tell about: each wait is twice the one before, up to a limit.
 */
export class Backoff {
  readonly #first: number;
  readonly #limit: number;
  #next: number;

  /** Both in milliseconds. */
  constructor(first: number, limit: number) {
    this.#first = first;
    this.#limit = limit;
    this.#next = first;
  }

  /** The next wait in milliseconds. */
  next(): number {
    const wait = this.#next;
    this.#next = Math.min(wait * 2, this.#limit);
    return wait;
  }

  /** Begins anew, after a success. */
  reset(): void {
    this.#next = this.#first;
  }
}
