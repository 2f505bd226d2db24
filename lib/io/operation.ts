import { abortError } from '../core/errors.js';
import { bare } from '../native/bare.js';

const once = bare({ once: true });

/**
 * A promise that waits for the kernel, or for its turn. Settled once: by a result, an error or its
 * signal. Whoever queues it takes it out again in `onAbort`.
 */
export class Operation<T> {
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
    this.#signal = signal;
    this.#listener = () => {
      const error = abortError(signal);
      onAbort?.(error);
      this.reject(error);
    };
    signal.addEventListener('abort', this.#listener, once);
  }

  resolve(value: T): void {
    this.#release();
    this.#resolve(value);
  }

  reject(reason: unknown): void {
    this.#release();
    this.#reject(reason);
  }

  #release(): void {
    if (this.#listener === undefined) return;
    this.#signal?.removeEventListener('abort', this.#listener);
    this.#listener = undefined;
  }
}
