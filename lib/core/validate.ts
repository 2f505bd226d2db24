// Checks of arguments, made before any system call.
import { isTypedArray } from 'node:util/types';
import { abortError, invalidArgType, invalidArgValue, outOfRange } from './errors.js';
import type { Known } from './known.js';

/** Returns `value` if it is an integer from `min` to `max`. */
export function integer(name: string, value: unknown, min = -2147483648, max = 2147483647): number {
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw outOfRange(name, `an integer >= ${min} and <= ${max}`, value);
  }
  return value;
}

/** Returns `value` if it can be a descriptor's number. */
export function descriptorNumber(name: string, value: unknown): number {
  return integer(name, value, 0);
}

/** Bytes to send: a string is sent as UTF-8. */
export type Data = string | NodeJS.ArrayBufferView;

/**
 * Returns the bytes of `data`, without a copy if it is a view. A view whose ArrayBuffer was detached, or
 * is too short for it by now, has lost its bytes: an error, not an empty message.
 */
export function bytesOf(name: string, data: unknown): Uint8Array {
  if (data instanceof Uint8Array) {
    // V8 reads the length of a Uint8Array in place, but calls a function for its byteLength.
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

/** Returns the bytes of one message: those of a string or a view, or of several, put together in a copy. */
export function messageBytesOf(name: string, data: unknown): Uint8Array {
  if (!Array.isArray(data)) return bytesOf(name, data);
  const parts = data.map((part, index) => bytesOf(`${name}[${index}]`, part));
  refuseLostSince(name, parts);
  return Buffer.concat(parts);
}

/** Returns a buffer to receive into, as bytes. */
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

/** Throws if one of the views has lost its bytes since it was checked: getters may have run. */
export function refuseLostSince(name: string, views: readonly Uint8Array[]): void {
  for (const view of views) if (view.length === 0) refuseLost(name, view);
}

function refuseLost(name: string, view: ArrayBufferView): void {
  if (!isLost(view)) return;
  const reason = 'is a view of an ArrayBuffer that was detached, or that shrank';
  throw invalidArgValue(name, reason, view.constructor.name);
}

declare const parsed: unique symbol;
/** Options that `optionsOf` has read. */
export type Parsed<T> = T & { readonly [parsed]: true };

/** The object that options are read into. It does not inherit from Object.prototype. */
class Options {
  [name: string]: unknown;
}
Object.setPrototypeOf(Options.prototype, null);
const noOptions = Object.freeze(new Options());
const { hasOwnProperty: hasOwn, toString: tagOf } = Object.prototype;
const isEnumerable = Object.prototype.propertyIsEnumerable;

/**
 * Reads the options of a function, each once. One that is undefined counts as missing. Options are enumerable
 * properties of an object, its own or those of its class, and what accessors of its class return; those of
 * Object.prototype are not. Throws ERR_INVALID_ARG_TYPE for a value that is no plain object, and
 * ERR_INVALID_ARG_VALUE for an option that the function does not take.
 */
export function optionsOf<T extends object>(
  options: T | undefined,
  known: Known<T>,
  name = 'options',
): Parsed<T> {
  return options === undefined ? (noOptions as Parsed<T>) : membersOf(options, known, name);
}

/** Reads options as `optionsOf` does. The object must be there. */
export function membersOf<T extends object>(options: T, known: Known<T>, name: string): Parsed<T> {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgType(name, 'of type object', options);
  }
  const prototype = Object.getPrototypeOf(options);
  if (prototype !== Object.prototype && prototype !== null) {
    return readMembers(options, known, name);
  }
  const read = new Options();
  // Object.keys() would make an array, for each message.
  for (const key in options) {
    if (!hasOwn.call(options, key)) continue;
    const value = (options as Options)[key];
    if (value === undefined) continue; // as if it was not there
    if (!known.takes(key)) throw known.refusal(`${name}.${key}`, value);
    read[key] = value;
  }
  return read as Parsed<T>;
}

/** Reads an object of a class, or of another realm; one that was read before stays as it is. */
function readMembers<T>(options: T, known: Known<T>, name: string): Parsed<T> {
  if (Object.getPrototypeOf(options) === Options.prototype) return options as Parsed<T>;
  // Arrays, Maps, Dates, AbortSignals and the like have a tag of their own.
  if (tagOf.call(options) !== '[object Object]') {
    throw invalidArgType(name, 'of type object', options);
  }
  const read = new Options();
  for (const holder of holdersOf(options)) {
    for (const key of Object.getOwnPropertyNames(holder)) {
      // A property that is not enumerable, such as a method, counts only if it has an option's name.
      if (hasOwn.call(read, key) || !(known.has(key) || isEnumerable.call(holder, key))) continue;
      const value = (options as Options)[key];
      if (value !== undefined && !known.takes(key)) {
        throw known.refusal(`${name}.${key}`, value);
      }
      read[key] = value;
    }
  }
  return read as Parsed<T>;
}

/** Yields an object and those that it inherits from, without Object.prototype, of whatever realm. */
function* holdersOf(object: unknown): Generator<object, void> {
  for (let holder = object as object | null; holder !== null; ) {
    const next: object | null = Object.getPrototypeOf(holder);
    if (next === null && hasOwn.call(holder, 'isPrototypeOf')) return;
    yield holder;
    holder = next;
  }
}

/** Returns a property of an object, its own or inherited, unless it comes from Object.prototype. */
export function memberOf(object: object, name: string): unknown {
  for (const holder of holdersOf(object)) {
    if (hasOwn.call(holder, name)) return (object as Options)[name];
  }
  return undefined;
}

/**
 * Throws unless `signal` is undefined or works as an AbortSignal does: a polyfill's, jsdom's and another
 * realm's are of other classes. As Node's own check.
 */
export function checkSignalType(
  signal: unknown,
  name = 'options.signal',
): asserts signal is AbortSignal | undefined {
  if (signal === undefined) return;
  const { addEventListener, removeEventListener } = (signal ?? {}) as AbortSignal;
  const listens =
    typeof addEventListener === 'function' && typeof removeEventListener === 'function';
  if (typeof signal !== 'object' || signal === null || !('aborted' in signal) || !listens) {
    throw invalidArgType(name, 'an instance of AbortSignal', signal);
  }
}

/** Throws if `signal` is no signal, or has aborted already. */
export function checkSignal(signal: unknown): void {
  if (signal === undefined) return;
  checkSignalType(signal);
  if (signal?.aborted) throw abortError(signal);
}
