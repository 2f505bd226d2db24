// Options of a socket, by number and by name.

import { native } from '../native/binding.js';
import { constants, SOL_SOCKET } from '../native/constants.js';
import { check, type SystemError, systemError, unavailable } from './errors.js';

/** Makes the error of a failed getsockopt or setsockopt, with the option's name in its message. */
export function optionError(syscall: string, errno: number, name: string): SystemError {
  const error = systemError(syscall, errno);
  error.message += ` (${name})`;
  return error;
}

export function getOption(fd: number, level: number, name: number): number {
  const value = new Int32Array(1);
  check('getsockopt', native.raw.getsockopt(fd, level, name, new Uint8Array(value.buffer)));
  return value[0] as number;
}

export function setOption(fd: number, level: number, name: number, value: number): void {
  const bytes = new Uint8Array(Int32Array.of(value).buffer);
  check('setsockopt', native.raw.setsockopt(fd, level, name, bytes));
}

/**
 * Reads an option of SOL_SOCKET by its name. Returns its length, or one of `expected`, negative error
 * numbers. Throws all others, and `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM`.
 */
export function readOption(
  fd: number,
  name: string,
  value: Uint8Array,
  expected?: ReadonlySet<number>,
): number {
  const result = native.raw.getsockopt(fd, SOL_SOCKET, optionNamed(name), value);
  if (result < 0 && !expected?.has(result)) throw optionError('getsockopt', result, name);
  return result;
}

/** Turns an option of SOL_SOCKET off, if this platform has it. */
export function turnOff(fd: number, name: string): void {
  const option = constants[name];
  if (option !== undefined) native.raw.setsockopt(fd, SOL_SOCKET, option, new Uint8Array(4));
}

/** Turns an option of SOL_SOCKET on. Throws ENOPROTOOPT, with the option's name, on an older kernel. */
export function turnOn(fd: number, name: string): void {
  const value = new Uint8Array(Int32Array.of(1).buffer);
  const result = native.raw.setsockopt(fd, SOL_SOCKET, optionNamed(name), value);
  if (result < 0) throw optionError('setsockopt', result, name);
}

function optionNamed(name: string): number {
  const option = constants[name];
  if (option === undefined) throw unavailable(name);
  return option;
}

/** Returns the integer that ioctl(2) answers to this request, which some systems lack. */
export function readIoctl(fd: number, name: string): number {
  const request = constants[name];
  if (request === undefined) throw unavailable(name);
  const result = native.raw.ioctl(fd, request, 0);
  if (typeof result === 'number') throw systemError('ioctl', result);
  return result[0];
}
