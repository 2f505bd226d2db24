// Makes the errors of this package. System errors have the shape of Node's own. Wrong arguments are TypeError and
// RangeError with Node's ERR_* codes.
import { Buffer } from 'node:buffer';
import { type Channel, channel } from 'node:diagnostics_channel';
import { existsSync } from 'node:fs';
import { inspect, types } from 'node:util';
import { bare } from '../native/bare.js';
import { native } from '../native/binding.js';
import { EMFILE, ENFILE, ENOBUFS, ENOENT, ENOMEM, ENOSYS } from '../native/errno.js';

// Aliases (EWOULDBLOCK) come last in the table; the first name is the usual one.
const names = new Map<number, string>(
  Object.entries(native.errnos)
    .reverse()
    .map(([name, value]) => [-value, name]),
);

/** A failed system call, shaped as Node's own: `connect ECONNREFUSED /run/x.sock`. */
export interface SystemError extends Error {
  /** The error's name, such as `'ECONNREFUSED'`. */
  code: string;
  /** The negated error number, such as -111. */
  errno: number;
  /** The system call that failed, such as `'connect'`. */
  syscall: string;
  /** The address of the call as text, if it had one. */
  address?: string;
}

/** Published in `afunix:error`: a system call failed, and an error is made of it. */
export interface ErrorEvent {
  /** A `SystemError`, before its caller gets it. */
  readonly error: Error;
}

export const failures: Channel = channel('afunix:error');

/** What the message of a system error has beside the code. */
export interface ErrorText {
  /** Comes behind the code, as in the errors of node:net. */
  readonly description?: string | undefined;
  /** Comes at the end: what the code alone does not tell. */
  readonly hint?: string | undefined;
}

/** Makes the error of a system call that returned `errno` (negative). */
export function systemError(
  syscall: string,
  errno: number,
  address?: unknown,
  { description, hint }: ErrorText = {},
): SystemError {
  const code = names.get(errno) ?? `Unknown system error ${errno}`;
  const text = address === undefined ? '' : String(address);
  const last = hint ?? withoutProc(errno, text);
  const message = [
    `${syscall} ${code}${description === undefined ? '' : `: ${description}`}`,
    text === '' ? '' : ` ${text}`,
    last === undefined ? '' : `: ${last}`,
  ];
  const error = new Error(message.join('')) as SystemError;
  error.code = code;
  error.errno = errno;
  error.syscall = syscall;
  if (text !== '') setAddress(error, text);
  if (failures.hasSubscribers) failures.publish({ error } satisfies ErrorEvent);
  return error;
}

/** The size of `sun_path` on Linux: longer paths are reached through /proc. */
const SUN_PATH = 108;

/** Says that /proc is missing, if a call with this address failed for that. */
function withoutProc(errno: number, address: string): string | undefined {
  // bind says ENOSYS. The others get ENOENT from the kernel, which means another file as a rule.
  const missing =
    (errno === ENOSYS && address !== '') ||
    (errno === ENOENT && Buffer.byteLength(address) > SUN_PATH && !existsSync('/proc/self'));
  return missing ? 'a long path is reached through /proc, which is not mounted' : undefined;
}

/** Gives `object` a property of its own, as an assignment does where the prototype has none of that name. */
export function defineOwn(object: object, name: string, value: unknown): void {
  const property = { value, writable: true, enumerable: true, configurable: true };
  Object.defineProperty(object, name, bare(property));
}

/** Defines the property. A property of Object.prototype could stop an assignment. */
export function setAddress<E extends Error>(error: E, address: string): E & { address: string } {
  defineOwn(error, 'address', address);
  return error as E & { address: string };
}

/** Returns `result`, or throws the system error when it is negative. */
export function check(syscall: string, result: number, address?: unknown): number {
  if (result < 0) throw systemError(syscall, result, address);
  return result;
}

const shortages = new Set([EMFILE, ENFILE, ENOBUFS, ENOMEM]);

/** Whether the process or the system lacks memory or descriptors, which it may have again later. */
export function isShortage(errno: number): boolean {
  return shortages.has(errno);
}

/** Makes an error of class `Class` with a `code`. */
export function codedError<E extends Error>(
  Class: new (message: string, options?: ErrorOptions) => E,
  code: string,
  message: string,
  options?: ErrorOptions,
): E & { code: string } {
  const error = new Class(message, options) as E & { code: string };
  error.code = code;
  return error;
}

/** Makes the error of a socket that was closed, or whose descriptor was handed on. */
export function closedError(): Error & { code: string } {
  return codedError(Error, 'ERR_SOCKET_CLOSED', 'Socket is closed');
}

/** Makes the error of a `FileDescriptor` that owns no descriptor any more. */
export function closedDescriptorError(): Error & { code: string } {
  const message = 'The file descriptor is closed or was handed on';
  return codedError(Error, 'ERR_SOCKET_CLOSED', message);
}

/** Copies an error that several calls get, and adds `properties` that hold for one of them. */
export function copyOfError(error: Error, properties: object): Error {
  return Object.assign(new Error(error.message), error, properties);
}

/** Makes an error like Node's: name `AbortError`, code `ABORT_ERR`, the signal's reason as cause. */
export function abortError(signal: AbortSignal): Error & { code: string } {
  let cause: unknown;
  try {
    cause = signal.reason;
  } catch (thrown) {
    cause = thrown; // a signal of another class
  }
  const error = codedError(Error, 'ABORT_ERR', 'The operation was aborted', { cause });
  error.name = 'AbortError';
  return error;
}

export function invalidArgType(
  name: string,
  expected: string,
  actual: unknown,
): TypeError & { code: string } {
  return codedError(
    TypeError,
    'ERR_INVALID_ARG_TYPE',
    `The "${name}" ${sortOf(name)} must be ${expected}. Received ${typeOf(actual)}`,
  );
}

/** Names what `name` is the name of, as Node's errors do. */
function sortOf(name: string): string {
  return name.includes('.') ? 'property' : 'argument';
}

/** Describes a value of a wrong type, as Node's errors do. */
function typeOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'object') return `an instance of ${classNameOf(value)}`;
  if (typeof value === 'function') return `function ${nameOf(value)}`;
  const long = typeof value === 'string' && value.length > 28;
  return `type ${typeof value} (${inspect(long ? `${value.slice(0, 25)}...` : value)})`;
}

function classNameOf(value: object): string {
  try {
    return nameOf(value.constructor) || 'Object';
  } catch {
    return 'Object'; // a getter or a trap of a proxy threw
  }
}

/** Returns the name of a function, or an empty string. */
function nameOf(value: { name?: unknown } | undefined): string {
  try {
    const name = value?.name;
    return typeof name === 'string' ? name : '';
  } catch {
    return ''; // a getter or a trap of a proxy threw
  }
}

/**
 * Describes any value: an error by its stack, a string as it is. Never throws, whatever the value's
 * getters, conversions and proxy traps do.
 */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    const stack: unknown = types.isNativeError(value) ? value.stack : undefined;
    return typeof stack === 'string' ? stack : inspect(value, { depth: 0 });
  } catch {
    return `<${typeof value} that cannot be described>`;
  }
}

function abbreviate(value: unknown): string {
  const text = typeof value === 'string' ? inspect(value) : describeValue(value);
  return text.length > 128 ? `${text.slice(0, 128)}...` : text;
}

export function invalidArgValue(
  name: string,
  reason: string,
  actual: unknown,
): TypeError & { code: string } {
  return codedError(
    TypeError,
    'ERR_INVALID_ARG_VALUE',
    `The ${sortOf(name)} '${name}' ${reason}. Received ${abbreviate(actual)}`,
  );
}

/** Makes the error of an argument that is missing. */
export function missingArgs(name: string): TypeError & { code: string } {
  return codedError(TypeError, 'ERR_MISSING_ARGS', `The "${name}" argument must be specified`);
}

export function outOfRange(
  name: string,
  range: string,
  actual: unknown,
): RangeError & { code: string } {
  return codedError(
    RangeError,
    'ERR_OUT_OF_RANGE',
    `The value of "${name}" is out of range. It must be ${range}. Received ${describeValue(actual)}`,
  );
}

/** Makes the error of a feature that this platform lacks. `name` is its name in C. */
export function unavailable(name: string): Error & { code: string } {
  return codedError(
    Error,
    'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
    `${name} is not available on this platform`,
  );
}

/** Makes the error of a call that the socket cannot serve in its present state. */
export function invalidState(message: string): Error & { code: string } {
  return codedError(Error, 'ERR_INVALID_STATE', `Invalid state: ${message}`);
}
