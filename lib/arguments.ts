// Checks of arguments, made before any system call.
import { isTypedArray } from 'node:util/types';
import { abortError, invalidArgType, invalidArgValue, outOfRange } from './errors.js';

/** `value`, if it is an integer from `min` to `max`. */
export function integer(name: string, value: unknown, min = -2147483648, max = 2147483647): number {
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw outOfRange(name, `an integer >= ${min} and <= ${max}`, value);
  }
  return value;
}

/** `value`, if it can be a descriptor's number. */
export function descriptorNumber(name: string, value: unknown): number {
  return integer(name, value, 0);
}

/** Bytes to send: a string is sent as UTF-8. */
export type Data = string | NodeJS.ArrayBufferView;

/**
 * The bytes of `data`, without a copy where it is a view already. A view whose ArrayBuffer was detached, or
 * is too short for it by now, has lost its bytes: an error, not an empty message.
 */
export function bytesOf(name: string, data: unknown): Uint8Array {
  if (data instanceof Uint8Array) {
    // Not byteLength: V8 reads the length of a Uint8Array in place, but calls for its byteLength.
    if (data.length === 0) refuseLost(name, data);
    return data;
  }
  if (typeof data === 'string') return Buffer.from(data);
  if (ArrayBuffer.isView(data)) {
    refuseLost(name, data); // first: the getters of a DataView without its bytes throw
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  throw invalidArgType(
    name,
    'of type string or an instance of Buffer, TypedArray, or DataView',
    data,
  );
}

/** A buffer to receive into. */
export function bufferOf(name: string, buffer: unknown): Uint8Array {
  if (typeof buffer === 'string') {
    throw invalidArgType(name, 'an instance of Buffer, TypedArray, or DataView', buffer);
  }
  return bytesOf(name, buffer);
}

const byteLengthOf = Object.getOwnPropertyDescriptor(DataView.prototype, 'byteLength')?.get;
const valuesOf = Uint8Array.prototype.values;

/** Whether a view's ArrayBuffer was detached, or shrank so that the view lies outside of it. */
export function isLost(view: ArrayBufferView): boolean {
  // Both throw for such a view; its `length` is 0, as that of an empty one is.
  try {
    (isTypedArray(view) ? valuesOf : byteLengthOf)?.call(view as never);
    return false;
  } catch {
    return true;
  }
}

function refuseLost(name: string, view: ArrayBufferView): void {
  if (!isLost(view)) return;
  const reason = 'is a view of an ArrayBuffer that was detached, or that shrank';
  throw invalidArgValue(name, reason, view.constructor.name);
}

/** `options`, or an empty object for undefined. */
export function optionsOf<T extends object>(options: T | undefined, name = 'options'): T {
  if (options === undefined) return {} as T;
  if (typeof options !== 'object' || options === null) {
    throw invalidArgType(name, 'of type object', options);
  }
  return options;
}

/**
 * Throws unless `signal` is undefined or works as an AbortSignal does: a polyfill's, jsdom's and another
 * realm's are of other classes. As Node's own check.
 */
export function checkSignalType(signal: unknown): asserts signal is AbortSignal | undefined {
  if (signal === undefined) return;
  const { addEventListener, removeEventListener } = (signal ?? {}) as AbortSignal;
  const listens =
    typeof addEventListener === 'function' && typeof removeEventListener === 'function';
  if (typeof signal !== 'object' || signal === null || !('aborted' in signal) || !listens) {
    throw invalidArgType('options.signal', 'an instance of AbortSignal', signal);
  }
}

/** Throws if `signal` is no signal, or has aborted already. */
export function checkSignal(signal: unknown): void {
  if (signal === undefined) return;
  checkSignalType(signal);
  if (signal?.aborted) throw abortError(signal);
}
