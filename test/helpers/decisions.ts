import type { Authorize } from './doors.js';

/** Decisions that are made by hand, in the order in which they were asked for. */
export class Decisions {
  asked = 0;
  readonly pending: { admit(admitted: unknown): void; fail(error: unknown): void }[] = [];
  readonly authorize: Authorize = () => {
    this.asked++;
    return new Promise((admit, fail) => this.pending.push({ admit: admit as never, fail }));
  };
}
