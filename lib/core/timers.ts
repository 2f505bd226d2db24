// Node's own timers and clocks, taken when the package is loaded. A test that fakes the global ones afterwards
// (`vi.useFakeTimers()`, `mock.timers`, sinon) does not stop its sockets: node:net holds Node's own as well.
import process from 'node:process';
import timers from 'node:timers';

// Constants: the named exports of a builtin module change with syncBuiltinESMExports().
export const setTimeout: typeof timers.setTimeout = timers.setTimeout;
export const clearTimeout: typeof timers.clearTimeout = timers.clearTimeout;
export const setImmediate: typeof timers.setImmediate = timers.setImmediate;
export const nextTick: typeof process.nextTick = process.nextTick;

const { performance } = globalThis;
const { now } = performance;
const { bigint } = process.hrtime;

/** Milliseconds of the monotonic clock, from when the process began. */
export function monotonicNow(): number {
  return now.call(performance);
}

/** Microseconds of CLOCK_MONOTONIC, clock_gettime(2). */
export function monotonicMicroseconds(): bigint {
  return bigint() / 1000n;
}
