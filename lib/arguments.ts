// Checks of arguments, made before any system call.
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
 * The bytes of `data`, without a copy where it is a view already. A view of a detached ArrayBuffer
 * has lost its bytes: an error, not an empty message.
 */
export function bytesOf(name: string, data: unknown): Uint8Array {
  if (data instanceof Uint8Array) {
    // Not byteLength: V8 reads the length of a Uint8Array in place, but calls for its byteLength.
    if (data.length === 0) refuseDetached(name, data);
    return data;
  }
  if (typeof data === 'string') return Buffer.from(data);
  if (ArrayBuffer.isView(data)) {
    refuseDetached(name, data); // first: the getters of a detached DataView throw
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

function refuseDetached(name: string, view: ArrayBufferView): void {
  // A view over a live buffer can always be made again; over a detached one the constructor throws.
  try {
    new Uint8Array(view.buffer);
  } catch {
    throw invalidArgValue(name, 'is a view of a detached ArrayBuffer', view.constructor.name);
  }
}

/** `options`, or an empty object for undefined. */
export function optionsOf<T extends object>(options: T | undefined, name = 'options'): T {
  if (options === undefined) return {} as T;
  if (typeof options !== 'object' || options === null) {
    throw invalidArgType(name, 'of type object', options);
  }
  return options;
}

/** Throws if `signal` is no signal, or has aborted already. */
export function checkSignal(signal: unknown): void {
  if (signal === undefined) return;
  if (!(signal instanceof AbortSignal)) {
    throw invalidArgType('options.signal', 'an instance of AbortSignal', signal);
  }
  if (signal.aborted) throw abortError(signal);
}
