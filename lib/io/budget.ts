// The limits of what is done in one turn of the event loop, so that no socket starves another, or the process's timers.
// src/budget.h has the limits of one call of the addon.
import { setImmediate } from '../core/timers.js';
import { native } from '../native/binding.js';

/** System calls of one socket that writes bytes. */
const MAX_CALLS_PER_TURN = 32;
/** Messages that one socket sends. */
export const MAX_SENT_PER_TURN = 2048;
/** Messages that one socket receives: those of one call. */
export const MAX_RECEIVED_PER_TURN: number = native.layout.maxReceiveBatch;
/** Connections that one listener accepts. */
export const MAX_ACCEPTED_PER_TURN = 64;
/** Bytes that one socket sends, or reads. */
export const MAX_BYTES_PER_TURN: number = 2 << 20;
/** Sends of all sockets whose promises resolve at once, and their bytes. */
const MAX_RESOLVED_SENDS = 256;
const MAX_RESOLVED_BYTES = 4 << 20;

/** Counts what one socket may still do before the event loop runs, as tokio's coop budget does. */
export class Budget {
  #calls: number;
  #bytes = MAX_BYTES_PER_TURN;

  constructor(calls: number = MAX_CALLS_PER_TURN) {
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

/** The promise of most sends and writes. */
const resolved: Promise<void> = Promise.resolve();

let sendsLeft = MAX_RESOLVED_SENDS;
let bytesLeft = MAX_RESOLVED_BYTES;
let turn: Promise<void> | undefined;

/**
 * Returns the promise of sends that are done. It is resolved already, until the limits are reached: then it resolves
 * after a turn of the event loop. Without that, `await send()` in a loop would starve everything else.
 */
export function resolvedSend(length: number, count = 1): Promise<void> {
  sendsLeft -= count;
  bytesLeft -= length;
  if (sendsLeft > 0 && bytesLeft > 0) return resolved;
  turn ??= new Promise((resolve) => {
    setImmediate(() => {
      sendsLeft = MAX_RESOLVED_SENDS;
      bytesLeft = MAX_RESOLVED_BYTES;
      turn = undefined;
      resolve();
    });
  });
  return turn;
}
