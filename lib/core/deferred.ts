import { bare } from '../native/bare.js';
import { abortError } from './errors.js';
import { nextTick } from './timers.js';

const once = bare({ once: true });

/**
 * A promise that waits for the kernel, or for calls before it. It is settled once, by a result, an error or its signal.
 * `onAbort` takes it out of its queue. The constructor throws what a signal of another class throws.
 */
export class Deferred<T> {
  readonly promise: Promise<T>;
  #resolve!: (value: T) => void;
  #reject!: (reason: unknown) => void;
  #signal: AbortSignal | undefined;
  #listener: (() => void) | undefined;

  constructor(signal?: AbortSignal, onAbort?: (error: Error) => void) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (signal === undefined) return;
    let registered = false;
    const listener = (): void => {
      if (this.#listener !== listener) return;
      if (!registered) {
        nextTick(listener); // the caller has yet to queue this
        return;
      }
      const error = abortError(signal);
      onAbort?.(error);
      this.reject(error);
    };
    this.#signal = signal;
    this.#listener = listener;
    signal.addEventListener('abort', listener, once);
    registered = true;
  }

  resolve(value: T): void {
    this.#resolve(value);
    this.#release();
  }

  reject(reason: unknown): void {
    this.#reject(reason);
    this.#release();
  }

  #release(): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    this.#listener = undefined;
    try {
      this.#signal?.removeEventListener('abort', listener);
    } catch {
      // A signal of another class threw. What waits behind must still be served.
    }
  }
}
