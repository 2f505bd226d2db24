// Values that can be sent as descriptors, and their numbers.
import dgram from 'node:dgram';
import type { ReadStream, WriteStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type net from 'node:net';
import { native } from '../native/binding.js';
import {
  closedDescriptorError,
  invalidArgType,
  invalidArgValue,
  outOfRange,
  unavailable,
} from './errors.js';
import { duplicate, FileDescriptor } from './file-descriptor.js';
import { handleOf } from './node-internals.js';
import { isWithoutDescriptor } from './node-server.js';
import { descriptorNumber, memberOf } from './validate.js';

/** The most descriptors one message carries: the kernel's SCM_MAX_FD. */
export const MAX_FDS: number = native.layout.maxRights;

/**
 * A value that can be sent as a descriptor. HTTP servers and the sockets of this package are among them. The
 * sender keeps its own. A socket that Node reads from may have bytes in Node's buffer already, which
 * do not go with it: create or accept it paused.
 */
export type FdLike =
  | number
  | {
      /** Negative or null while it has none. */
      readonly fd: number;
    }
  | net.Socket
  | net.Server
  | dgram.Socket
  | FileHandle
  | ReadStream
  | WriteStream;

/**
 * Returns the number of a descriptor to send. Throws `ERR_INVALID_ARG_TYPE` for a value that can have none,
 * `ERR_INVALID_ARG_VALUE` for one that has none now, because it is closed or not open yet, and
 * `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` for one whose descriptor Bun or Deno does not show.
 */
function descriptorOf(value: unknown, index: number): number {
  if (value instanceof FileDescriptor && !value.closed) return value.fd;
  const name = `fds[${index}]`;
  if (typeof value === 'number') return descriptorNumber(name, value);
  if (typeof value !== 'object' || value === null) throw notSendable(name, value);
  const holder = holderOf(value);
  if (holder === undefined) throw notSendable(name, value);
  const fd = holder === null ? null : memberOf(holder, 'fd');
  if (typeof fd === 'number' && Number.isInteger(fd) && fd >= 0) return fd;
  const className = value.constructor?.name ?? 'Object';
  if (fd === undefined) throw unavailable(`${name}, the descriptor of a ${className},`);
  throw invalidArgValue(name, 'must be open; it is closed, or not open yet', className);
}

/** Returns the object whose `fd` it is, null if there is none now, or undefined if there never is one. */
function holderOf(value: object): object | null | undefined {
  const fd = value instanceof dgram.Socket ? undefined : memberOf(value, 'fd');
  if (typeof fd === 'number') return value;
  const handle = handleOf(value);
  return handle === undefined && fd !== undefined ? null : handle;
}

function notSendable(name: string, value: unknown): Error {
  if (isWithoutDescriptor(value)) return unavailable('the descriptor of a server of node:http');
  return invalidArgType(
    name,
    'a descriptor: a number, or a FileDescriptor, net.Socket, net.Server, dgram.Socket, FileHandle, or an object with an fd',
    value,
  );
}

/** Returns the numbers of the descriptors to send, or undefined if there are none. */
export function descriptorsOf(values: unknown): number[] | undefined {
  if (values === undefined) return undefined;
  if (!Array.isArray(values)) throw invalidArgType('fds', 'an instance of Array', values);
  if (values.length > MAX_FDS) {
    throw outOfRange('fds.length', `at most ${MAX_FDS}, the kernel's limit`, values.length);
  }
  if (values.length === 0) return undefined;
  const numbers: number[] = [];
  // map() would skip holes.
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    numbers.push(
      typeof value === 'number' && value >= 0 && value === (value | 0)
        ? value
        : descriptorOf(value, i),
    );
  }
  return numbers;
}

/** Duplicates descriptors, such as those of a message that has to wait. Throws EMFILE if it cannot duplicate all. */
export function duplicates(fds: readonly number[] | undefined): FileDescriptor[] {
  return eachOf(fds ?? [], (fd) => duplicate(fd, 'queued'));
}

/** Duplicates received descriptors. What was refused has nothing to duplicate, and is the same object. Throws EMFILE. */
export function copiesOf(fds: readonly FileDescriptor[], origin: string): FileDescriptor[] {
  return eachOf(fds, (fd) => (fd.refusal === null ? duplicate(fd.fd, origin) : fd));
}

function eachOf<T>(values: readonly T[], copy: (value: T) => FileDescriptor): FileDescriptor[] {
  const copies: FileDescriptor[] = [];
  try {
    for (const value of values) copies.push(copy(value));
  } catch (error) {
    closeAll(copies);
    throw error;
  }
  return copies;
}

export function closeAll(fds: readonly FileDescriptor[]): void {
  for (const fd of fds) fd.close();
}

/** Returns the number of a descriptor to adopt. Throws `ERR_*` for a value that has none. */
export function numberOf(fd: number | FileDescriptor): number {
  if (fd instanceof FileDescriptor) {
    if (fd.closed) throw fd.refusal ?? closedDescriptorError();
    return fd.fd;
  }
  if (typeof fd === 'number') return descriptorNumber('fd', fd);
  throw invalidArgType('fd', 'of type number or an instance of FileDescriptor', fd);
}
