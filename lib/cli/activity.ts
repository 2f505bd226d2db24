// What ends a command early: --timeout, when nothing has happened for so long, and a failure of work that nobody awaits.
import { setTimeout } from 'node:timers';

export class Activity {
  readonly #timer: NodeJS.Timeout | undefined;
  /** Rejects when the time is over, and after `fail()`. */
  readonly ended: Promise<never>;
  #reject: (error: unknown) => void = () => {};

  /** `timeout`: milliseconds; undefined for no limit. */
  constructor(timeout: number | undefined) {
    this.ended = new Promise((_resolve, reject) => {
      this.#reject = reject;
    });
    if (timeout === undefined) return;
    this.#timer = setTimeout(() => {
      this.fail(new Error(`nothing happened for ${timeout / 1000} seconds`));
    }, timeout);
  }

  /** Ends the command with an error. */
  fail(error: unknown): void {
    this.#reject(error);
  }

  /** Begins to count anew. */
  note(): void {
    this.#timer?.refresh();
  }
}
