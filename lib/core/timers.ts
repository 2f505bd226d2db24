// Node's own timers and clocks, taken when the package is loaded. A test that fakes the global ones afterwards
// (`vi.useFakeTimers()`, `mock.timers`, sinon) does not stop its sockets: node:net holds Node's own as well.
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import timers from 'node:timers';
import { onDeno } from '../native/runtime.js';
import { originalOf } from './fake-timers.js';

// Constants: the named exports of a builtin module change with syncBuiltinESMExports().
export const setTimeout: typeof timers.setTimeout = originalOf(timers, 'setTimeout');
export const clearTimeout: typeof timers.clearTimeout = originalOf(timers, 'clearTimeout');
export const setImmediate: typeof timers.setImmediate = originalOf(timers, 'setImmediate');
export const nextTick: typeof process.nextTick = originalOf(process, 'nextTick');

const { bigint } = originalOf(process, 'hrtime');
// The prototype's: a fake is a property of the object.
const { now } = Object.getPrototypeOf(performance) as typeof performance;

/** Milliseconds of a monotonic clock, with their fraction. */
export function monotonicNow(): number {
  // Deno's hrtime() asks the performance of the program, fake or not. Bun's now() can't be called so.
  return onDeno ? now.call(performance) : Number(bigint()) / 1e6;
}

/** Microseconds of CLOCK_MONOTONIC, clock_gettime(2). */
export function monotonicMicroseconds(): bigint {
  return bigint() / 1000n;
}
