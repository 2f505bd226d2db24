// Binding and connecting, which may have to wait for another process. Nothing announces the end of such a wait, so
// each is tried again, with back-off. Returned numbers: 0, -errno, or a refusal of `Handle.bind`.
import { bytesOfAddress, type UnixAddress } from '../core/address.js';
import type { RetryTimer } from '../core/retry-timer.js';
import { monotonicNow } from '../core/timers.js';
import { type Handle, LOCKED } from '../native/binding.js';
import { EAGAIN, ETIMEDOUT } from '../native/errno.js';
import type { BindPlan } from './options.js';

/** Milliseconds of the first wait, and of the longest. */
const FIRST_WAIT = 1;
const LONGEST_WAIT_FOR_LOCK = 50;
const LONGEST_WAIT_FOR_BACKLOG = 100;

/** How to wait. */
export interface Waiting {
  /** Returns the timer to wait with. Cancelling it ends the attempt, and `done` is not called. */
  timer(): RetryTimer;
  /** Gets the result of an attempt that had to wait. */
  done(result: number): void;
}

/**
 * Binds a handle, and listens if `backlog` is not negative. Returns the result, or undefined while another process
 * holds the lock on the directory: then `waiting.done` gets the result later.
 */
export function bindHandle(
  handle: Handle,
  plan: BindPlan,
  backlog: number,
  waiting: Waiting,
): number | undefined {
  const { mode, replace, unlinkOnClose, allowUnsafePath, owner, group } = plan;
  const bytes = bytesOfAddress(plan.address);
  const attempt = (): number =>
    handle.bind(bytes, mode, replace, unlinkOnClose, backlog, allowUnsafePath, owner, group);
  return repeat(attempt, LOCKED, LONGEST_WAIT_FOR_LOCK, Number.POSITIVE_INFINITY, waiting);
}

/**
 * Connects a handle. Returns the result, or undefined while the listener's backlog is full: then `waiting.done` gets
 * the result later, after `timeout` milliseconds -ETIMEDOUT.
 */
export function connectHandle(
  handle: Handle,
  address: UnixAddress,
  timeout: number,
  waiting: Waiting,
): number | undefined {
  // A non-blocking connect never says EINPROGRESS, and poll(2) shows the socket as writable.
  const attempt = (): number => handle.connect(bytesOfAddress(address));
  return repeat(attempt, EAGAIN, LONGEST_WAIT_FOR_BACKLOG, timeout, waiting);
}

/** Calls `attempt` until it returns anything but `busy`, or `timeout` milliseconds are over. */
function repeat(
  attempt: () => number,
  busy: number,
  longest: number,
  timeout: number,
  waiting: Waiting,
): number | undefined {
  const first = attempt();
  if (first !== busy) return first;
  if (timeout <= 0) return ETIMEDOUT;
  const timer = waiting.timer();
  const deadline = monotonicNow() + timeout;
  const again = (): void => {
    const result = attempt();
    const left = deadline - monotonicNow();
    if (result !== busy) waiting.done(result);
    else if (left <= 0) waiting.done(ETIMEDOUT);
    else timer.backOff(FIRST_WAIT, Math.min(longest, left), again);
  };
  timer.reset();
  timer.backOff(FIRST_WAIT, Math.min(longest, timeout), again);
  return undefined;
}
