import { invalidArgType, outOfRange } from './errors.js';

/** The longest a timer waits: a longer one is cut to it, as node:net does. */
const LONGEST = 2 ** 31 - 1;

/** Returns a duration in milliseconds, checked as `net.Socket.setTimeout()` does. */
export function timeoutOf(name: string, value: unknown): number {
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value);
  if (!(value >= 0 && Number.isFinite(value))) {
    throw outOfRange(name, 'a non-negative finite number', value);
  }
  return Math.min(value, LONGEST);
}
