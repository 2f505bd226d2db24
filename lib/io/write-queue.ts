import type { Credentials } from '../core/credentials.js';
import { copyOfError, systemError } from '../core/errors.js';
import { closeAll } from '../core/fd-like.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import { type Handle, native, WRITABLE } from '../native/binding.js';
import { Allowance } from './budget.js';
import { Operation } from './deferred.js';
import { Fifo } from './queue.js';
import { type ByteVector, changedError, sendVector } from './vectored-write.js';

const EAGAIN = -(native.errnos.EAGAIN as number);
const ECANCELED = -(native.errnos.ECANCELED as number);
const SHUT_WR = native.constants.SHUT_WR as number;

/** Writes that go out by one call, and their bytes: more than a socket has room for need not be looked at. */
const TOGETHER = 256;
const TOGETHER_BYTES = 256 << 10;

/** Bytes that wait until the kernel takes them. */
export class Write extends Operation<void> {
  /** Bytes sent so far. */
  written: number;
  readonly #vector: ByteVector;
  /** Duplicates, closed when they have gone or will not go. */
  #fds: FileDescriptor[];
  readonly #credentials: Credentials | undefined;

  constructor(
    vector: ByteVector,
    written: number,
    fds: FileDescriptor[],
    credentials: Credentials | undefined,
    signal: AbortSignal | undefined,
    onAbort: ((error: Error) => void) | undefined,
  ) {
    super(signal, onAbort);
    this.#vector = vector;
    this.written = written;
    this.#fds = fds;
    this.#credentials = credentials;
  }

  /** Bytes that are left. */
  get bytes(): number {
    return this.#vector.bytes;
  }

  /** Whether its memory, which is the caller's, holds them still. */
  get intact(): boolean {
    return this.#vector.intact;
  }

  /** Whether there is nothing beside the bytes. */
  get plain(): boolean {
    return this.#fds.length === 0 && this.#credentials === undefined;
  }

  /** Appends its bytes to what goes out in one call. */
  gather(buffers: Uint8Array[]): void {
    this.#vector.gather(buffers);
  }

  /** So many of its bytes have gone, with those of others. */
  advance(count: number): void {
    this.#vector.advance(count);
    this.written += count;
  }

  /** Sends once. Returns the bytes that went of it, or -errno. */
  send(handle: Handle): number {
    const rights = this.#fds.length === 0 ? undefined : this.#fds.map(({ fd }) => fd);
    const result = this.#vector.send(handle, rights, this.#credentials);
    if (result < 0) return result;
    this.release();
    this.written += result;
    return result;
  }

  /** Rejects with what of it went. */
  fail(error: Error): void {
    this.release();
    this.reject(Object.assign(error, { bytesWritten: this.written }));
  }

  /** As `fail`, with an error that others get as well. */
  discard(error: Error): void {
    this.release();
    const { written } = this;
    this.reject(written === 0 ? error : copyOfError(error, { bytesWritten: written }));
  }

  /** Closes the descriptors: they went, with the first byte, or will not go. */
  release(): void {
    closeAll(this.#fds);
    this.#fds = [];
  }
}

/** What a stream socket writes, in order, when it is writable. Made when a write has to wait first. */
export class WriteQueue {
  readonly #writes = new Fifo<Write>();
  readonly #handle: Handle;
  #ending = false;

  constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** Writes that wait. */
  get size(): number {
    return this.#writes.size;
  }

  /** Their bytes. */
  get bytes(): number {
    let bytes = 0;
    for (const write of this.#writes) bytes += write.bytes;
    return bytes;
  }

  push(write: Write): Promise<void> {
    this.#writes.push(write);
    if (this.#writes.size === 1) this.#goOn();
    return write.promise;
  }

  /** Shuts the socket for writing, once nothing waits. */
  end(): void {
    this.#ending = true;
  }

  /** The socket is writable. */
  resume(): void {
    const allowance = new Allowance();
    for (let first = this.#writes.peek(); first !== undefined; first = this.#writes.peek()) {
      if (!allowance.left) break;
      if (!first.intact) {
        this.#writes.shift();
        first.fail(changedError());
        this.#passOver(first);
        continue;
      }
      const together = first.plain ? this.#plain() : [first];
      const result = together.length > 1 ? this.#sendTogether(together) : first.send(this.#handle);
      if (result === EAGAIN) break;
      if (result < 0) {
        this.#failAll(result);
        break;
      }
      allowance.spend(result);
      for (const write of together) {
        if (write.bytes > 0) break;
        // Whoever heard that it was sent may have emptied the queue.
        if (this.#writes.remove(write)) write.resolve();
      }
      // There is no room, or this turn has done enough.
      if (together.some(({ bytes }) => bytes > 0)) break;
    }
    this.#goOn();
  }

  /** The writes at the front that need no call of their own. */
  #plain(): Write[] {
    const writes: Write[] = [];
    let bytes = 0;
    for (const write of this.#writes) {
      if (!write.plain || !write.intact || writes.length === TOGETHER) break;
      writes.push(write);
      bytes += write.bytes;
      if (bytes >= TOGETHER_BYTES) break;
    }
    return writes;
  }

  /** Sends once. Returns how many bytes of them went, or -errno. */
  #sendTogether(writes: readonly Write[]): number {
    const buffers: Uint8Array[] = [];
    for (const write of writes) write.gather(buffers);
    const result = sendVector(this.#handle, buffers, undefined);
    let left = result;
    for (const write of writes) {
      if (left <= 0) break;
      const gone = Math.min(left, write.bytes);
      write.advance(gone);
      left -= gone;
    }
    return result;
  }

  /** After a part of a write no other may go: the receiver would see a hole in the stream. */
  #passOver(write: Write): void {
    if (write.written > 0) this.#failAll(ECANCELED);
  }

  #failAll(errno: number): void {
    for (const write of this.#writes.drain()) write.fail(systemError('write', errno));
  }

  /** Takes out a write that its signal ended. */
  forget(write: Write, error: Error): void {
    this.#writes.remove(write);
    write.release();
    Object.assign(error, { bytesWritten: write.written });
    this.#passOver(write);
    if (this.#writes.size === 0) this.#handle.stop(WRITABLE);
    this.#goOn();
  }

  /** Rejects all of them. */
  discard(error: Error): void {
    for (const write of this.#writes.drain()) write.discard(error);
  }

  /** Waits for what is left, or does what waited for it. */
  #goOn(): void {
    if (this.#writes.size > 0) {
      const result = this.#handle.waitWritable();
      if (result < 0) this.discard(systemError('poll', result));
    } else if (this.#ending) {
      this.#handle.shutdown(SHUT_WR);
    }
  }
}
