import { invalidArgType } from '../core/errors.js';
import type { OnMessagesOptions } from './options.js';

/** Gets every message of a socket. */
export interface Consumer<M> {
  readonly callback: (messages: M[]) => void;
  readonly reuse: boolean;
  readonly onError: OnMessagesOptions['onError'] | undefined;
  readonly onEnd: (() => void) | undefined;
}

/** Checks the arguments of `onMessages()` of any class. Returns undefined for a callback that is null. */
export function consumerOf<M>(
  callback: ((messages: M[]) => void) | null,
  options: OnMessagesOptions & { onEnd?: () => void },
): Consumer<M> | undefined {
  const { reuse = false, onError, onEnd } = options;
  if (callback !== null && typeof callback !== 'function') {
    throw invalidArgType('callback', 'of type function or null', callback);
  }
  if (typeof reuse !== 'boolean') throw invalidArgType('options.reuse', 'of type boolean', reuse);
  for (const [name, value] of Object.entries({ onError, onEnd })) {
    if (value !== undefined && typeof value !== 'function') {
      throw invalidArgType(`options.${name}`, 'of type function', value);
    }
  }
  // An object made with spreads would take half a kilobyte.
  return callback === null ? undefined : { callback, reuse, onError, onEnd };
}
