import { Deferred } from '../core/deferred.js';
import { kRearm } from '../core/symbols.js';
import { Queue } from '../io/queue.js';

/** A call that waits. */
export class Waiter<T, W> extends Deferred<T> {
  /** The kind of result that the call wants, if the calls of a queue differ. */
  readonly wants: W;

  constructor(wants: W, signal: AbortSignal | undefined, onAbort: (() => void) | undefined) {
    super(signal, onAbort);
    this.wants = wants;
  }
}

/** The socket, or part of one, whose calls wait. */
interface WaitQueueOwner<W> {
  /**
   * Arms the event that the first of the calls needs, or disarms it if none waits. `aborted`: what a call wanted that
   * waits no more.
   */
  [kRearm](aborted?: W): void;
}

/**
 * The calls that wait for a socket to be readable, in order. A call whose signal aborts leaves the queue, and
 * the owner then arms what the others need.
 */
export class WaitQueue<T, W = undefined> {
  readonly #owner: WaitQueueOwner<W>;
  readonly #waiters = new Queue<Waiter<T, W>>();

  constructor(owner: WaitQueueOwner<W>) {
    this.#owner = owner;
  }

  /** How many calls wait. */
  get size(): number {
    return this.#waiters.size;
  }

  /** The call that is served next. */
  get first(): Waiter<T, W> | undefined {
    return this.#waiters.peek();
  }

  /**
   * Appends a call. Returns the promise of its result. With `arm` the owner arms the event; without, the event is armed
   * already. Throws what a faulty signal throws: the call does not wait then.
   */
  wait(wants: W, signal: AbortSignal | undefined, arm: boolean): Promise<T> {
    const waiter = this.#waiter(wants, signal);
    this.#waiters.push(waiter);
    if (arm) this.#owner[kRearm]();
    return waiter.promise;
  }

  #waiter(wants: W, signal: AbortSignal | undefined): Waiter<T, W> {
    if (signal === undefined) return new Waiter(wants, undefined, undefined);
    try {
      const waiter: Waiter<T, W> = new Waiter(wants, signal, () => {
        this.#waiters.remove(waiter);
        this.#owner[kRearm](wants);
      });
      return waiter;
    } catch (error) {
      // The event may have been armed for this call.
      this.#owner[kRearm]();
      throw error;
    }
  }

  /** Takes the first call out, to settle it. */
  shift(): Waiter<T, W> | undefined {
    return this.#waiters.shift();
  }

  /** Resolves all calls. */
  resolveAll(result: T): void {
    for (const waiter of this.#waiters.drain()) waiter.resolve(result);
  }

  /** Rejects all calls, by one error. It is made only if there are any: it holds the stack, which takes time. */
  rejectAll(make: () => Error): void {
    if (this.size === 0) return;
    const error = make();
    for (const waiter of this.#waiters.drain()) waiter.reject(error);
  }
}
