import { setImmediate } from '../core/timers.js';

// How much is done in one turn of the loop, however much could be: so that no socket starves another, or the
// process's timers.

/** System calls of one socket, and bytes. */
const CALLS = 32;
const BYTES = 2 << 20;
/** Sends of all sockets whose promises resolve at once, and their bytes. */
const SENDS = 256;
const SENT_BYTES = 4 << 20;

/** What one socket may do before the loop gets its turn. */
export class Allowance {
  #calls: number;
  #bytes = BYTES;

  constructor(calls: number = CALLS) {
    this.#calls = calls;
  }

  /** Counts what was done, and says whether more may follow. */
  spend(bytes: number, calls = 1): boolean {
    this.#calls -= calls;
    this.#bytes -= bytes;
    return this.left;
  }

  /** Whether any is left. */
  get left(): boolean {
    return this.#calls > 0 && this.#bytes > 0;
  }
}

/** What is done at once: most sends and writes. */
const done: Promise<void> = Promise.resolve();

let sends = SENDS;
let bytes = SENT_BYTES;
let turn: Promise<void> | undefined;

/**
 * The promise of a send that was done at once. A loop of them whose receiver keeps up would never come to its
 * end: now and then one is resolved only when the loop has had its turn.
 */
export function sentNow(length: number, count = 1): Promise<void> {
  sends -= count;
  bytes -= length;
  if (sends > 0 && bytes > 0) return done;
  turn ??= new Promise((resolve) => {
    setImmediate(() => {
      sends = SENDS;
      bytes = SENT_BYTES;
      turn = undefined;
      resolve();
    });
  });
  return turn;
}
