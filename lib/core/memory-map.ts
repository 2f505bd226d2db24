// Files in memory: made, sealed, and mapped.
import { constants } from 'node:buffer';
import { native } from '../native/binding.js';
import { EFBIG, EINVAL, ENOSYS, EPERM } from '../native/errno.js';
import { onDeno } from '../native/runtime.js';
import { type CONSTRUCTING, checkConstructing } from './constructing.js';
import {
  check,
  invalidArgType,
  invalidArgValue,
  outOfRange,
  systemError,
  unavailable,
} from './errors.js';
import { Known } from './known.js';
import { isMarkedAsUntransferable, markAsUncloneable } from './uncloneable.js';
import { bytesOf, integer, optionsOf } from './validate.js';

/**
 * What nobody can do to a file in memory any more: add seals, make it shorter, make it longer, write to it, write to it
 * but through mappings that are there already, change whether it may be executed.
 */
export type Seal = 'seal' | 'shrink' | 'grow' | 'write' | 'future-write' | 'exec';

/** The bits of F_GET_SEALS. */
const seals: readonly [Seal, number][] = [
  ['seal', 1],
  ['shrink', 2],
  ['grow', 4],
  ['write', 8],
  ['future-write', 16],
  ['exec', 32],
];

/** Options of `map()`. */
export interface MapOptions {
  /** Whether what is written to the memory is written to the file, for all who share it. Default false. */
  writable?: boolean;
}

const MAP = new Known<MapOptions>('map', { writable: 1 });

/** Returns the result of a call on memory that is not on every system. */
function available(result: number): number {
  if (result === ENOSYS) throw unavailable('memfd_create');
  return check('memfd_create', result);
}

function nameOf(name: unknown): Buffer {
  if (typeof name !== 'string') throw invalidArgType('name', 'of type string', name);
  if (name.includes('\0')) throw invalidArgValue('name', 'must be without null bytes', name);
  return Buffer.from(name);
}

/** Makes a sealed file. Returns its descriptor, owned. */
export function sealedFile(data: unknown, name: unknown): number {
  const bytes = bytesOf('data', data);
  return available(native.descriptors.sealedFile(nameOf(name), bytes));
}

/** Makes a file in memory of `size` bytes. Returns its descriptor, owned. */
export function memoryFile(size: unknown, name: unknown): number {
  const bytes = integer('size', size, 1, constants.MAX_LENGTH);
  return available(native.descriptors.memoryFile(nameOf(name), bytes));
}

/** Returns the seals of a file; null if it can have none. */
export function sealsOf(fd: number): readonly Seal[] | null {
  const bits = native.descriptors.seals(fd);
  if (bits === EINVAL || bits === ENOSYS) return null;
  check('fcntl', bits);
  return seals.filter(([, bit]) => (bits & bit) !== 0).map(([name]) => name);
}

/** The memory of a file, mapped. Made by `map()` of a `FileDescriptor`. */
export class MemoryMap implements Disposable {
  /**
   * The memory. It has no bytes once this is closed. It is unmapped when nobody refers to it any more, and stays as long
   * as somebody does, also when this object and the descriptor are gone. It cannot be transferred to a worker: send
   * the descriptor there.
   */
  readonly buffer: ArrayBuffer;
  /** Whether what is written here is written to the file. */
  readonly writable: boolean;
  /** Whether `buffer` is a copy, because this runtime has no memory from outside (Electron). */
  readonly copied: boolean;
  #closed = false;

  /** @internal */
  constructor(
    key: typeof CONSTRUCTING,
    buffer: ArrayBuffer,
    options: { writable: boolean; copied: boolean },
  ) {
    checkConstructing(key, 'MemoryMap', 'map() of a FileDescriptor');
    this.buffer = buffer;
    this.writable = options.writable;
    this.copied = options.copied;
    markAsUncloneable(this);
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Takes the memory away from `buffer` and from all views of it, which have no bytes then. Idempotent. On Deno it throws
   * `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` for a buffer that was given to `markAsUntransferable()`.
   */
  close(): void {
    if (this.#closed) return;
    // It would end the process.
    if (onDeno && isMarkedAsUntransferable(this.buffer)) {
      throw unavailable('close() of memory that is marked as untransferable');
    }
    this.#closed = true;
    native.descriptors.unmap(this.buffer);
  }

  /** Calls `close()`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Maps a file in memory. */
export function mapOf(
  key: typeof CONSTRUCTING,
  fd: number,
  options: MapOptions | undefined,
): MemoryMap {
  const { writable = false } = optionsOf(options, MAP);
  if (typeof writable !== 'boolean') {
    throw invalidArgType('options.writable', 'of type boolean', writable);
  }
  const most = constants.MAX_LENGTH;
  const mapped = native.descriptors.map(fd, writable, most);
  if (typeof mapped !== 'number') {
    const [buffer, copied] = mapped;
    return new MemoryMap(key, buffer, { writable, copied });
  }
  if (mapped === ENOSYS) throw unavailable('shared memory');
  if (mapped === EFBIG) throw outOfRange("the file's size", `<= ${most}`, 'more');
  if (mapped === EPERM && !sealsOf(fd)?.includes('shrink')) {
    const reason =
      "must be a file in memory with the seal 'shrink': this one could be cut off under its readers";
    throw invalidArgValue('fd', reason, fd);
  }
  throw systemError('mmap', mapped);
}
