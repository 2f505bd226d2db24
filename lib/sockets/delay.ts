import { clearTimeout, setTimeout } from '../core/timers.js';
import { Deferred } from '../io/deferred.js';

/** Resolves after `milliseconds`, or rejects with an `AbortError`. */
export function delay(milliseconds: number, signal?: AbortSignal): Promise<void> {
  const deferred = new Deferred<void>(signal, () => clearTimeout(timer));
  const timer = setTimeout(() => deferred.resolve(), milliseconds);
  return deferred.promise;
}
