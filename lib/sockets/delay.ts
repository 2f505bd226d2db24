import { clearTimeout, setTimeout } from '../core/timers.js';
import { Operation } from '../io/deferred.js';

/** Resolves after `milliseconds`, or rejects with an `AbortError`. */
export function delay(milliseconds: number, signal?: AbortSignal): Promise<void> {
  const operation = new Operation<void>(signal, () => clearTimeout(timer));
  const timer = setTimeout(() => operation.resolve(), milliseconds);
  return operation.promise;
}
