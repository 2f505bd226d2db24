import type { Credentials } from '../core/credentials.js';
import { systemError } from '../core/errors.js';
import { closeAll } from '../core/fd-like.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import { type Handle, WRITABLE } from '../native/binding.js';
import { SHUT_WR } from '../native/constants.js';
import { EAGAIN, ECANCELED } from '../native/errno.js';
import { Budget } from './budget.js';
import type { FileSource } from './file-source.js';
import { Queue } from './queue.js';
import { sendError } from './send-error.js';
import { changedError, sendVector, type VectoredWrite } from './vectored-write.js';

/** Writes that one call sends at most, and their bytes: the send buffer has no room for more. */
const MAX_COALESCED_WRITES = 256;
const MAX_COALESCED_BYTES = 256 << 10;

/**
 * Called once, when a write is over. `error` is undefined if all of it went, else `written` bytes went. A `shared`
 * error is that of other writes as well.
 */
type Settle = (error: Error | undefined, written: number, shared: boolean) => void;

/** Bytes that wait until the kernel takes them. */
export class PendingWrite {
  /** Bytes sent so far. */
  written: number;
  readonly #buffers: VectoredWrite | FileSource;
  /** Duplicates, closed when they were sent or will not be. */
  #fds: readonly FileDescriptor[];
  readonly #credentials: Credentials | undefined;
  readonly #settle: Settle;

  constructor(
    buffers: VectoredWrite | FileSource,
    settle: Settle,
    fds: readonly FileDescriptor[] = [],
    credentials?: Credentials,
    written = 0,
  ) {
    this.#buffers = buffers;
    this.#settle = settle;
    this.#fds = fds;
    this.#credentials = credentials;
    this.written = written;
  }

  /** Bytes that are left. */
  get bytes(): number {
    return this.#buffers.bytes;
  }

  /** Whether the caller's memory still has all of them. */
  get intact(): boolean {
    return this.#buffers.intact;
  }

  /** Whether one call may send it together with others. */
  get plain(): boolean {
    return this.#buffers.plain && this.#fds.length === 0 && this.#credentials === undefined;
  }

  /** The ancillary data that is left. */
  get ancillary(): { fds: readonly FileDescriptor[]; credentials: Credentials | undefined } {
    return { fds: this.#fds, credentials: this.#credentials };
  }

  /** Appends its bytes to what goes out in one call. */
  gather(buffers: Uint8Array[]): void {
    this.#buffers.gather(buffers);
  }

  /** Counts bytes that were sent together with those of other writes. */
  advance(count: number): void {
    this.#buffers.advance(count);
    this.written += count;
  }

  /** Sends once. Returns how many of its bytes went, or -errno. */
  send(handle: Handle): number {
    const rights = this.#fds.length === 0 ? undefined : this.#fds.map(({ fd }) => fd);
    const result = this.#buffers.send(handle, rights, this.#credentials);
    if (result < 0) return result;
    this.release();
    this.written += result;
    return result;
  }

  succeed(): void {
    this.#settle(undefined, this.written, false);
  }

  fail(error: Error, shared = false): void {
    this.release();
    this.#settle(error, this.written, shared);
  }

  /** Closes the descriptors, which were sent with the first byte or will not be. */
  release(): void {
    closeAll(this.#fds);
    this.#fds = [];
  }
}

/** The writes of a stream socket that wait, in order. */
export class WriteQueue {
  readonly #writes = new Queue<PendingWrite>();
  readonly #handle: Handle;
  #ending = false;
  #onEnd: (() => void) | undefined;

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

  /** Queues a write that has just met EAGAIN, or that has others before it. */
  push(write: PendingWrite): void {
    this.#writes.push(write);
    if (this.#writes.size === 1) this.#goOn();
  }

  /** Queues writes and sends what can be sent now. */
  start(writes: readonly PendingWrite[]): void {
    for (const write of writes) this.#writes.push(write);
    this.resume();
  }

  /** Has the socket shut for writing, once nothing waits, and then calls `done`. */
  end(done?: () => void): void {
    this.#ending = true;
    this.#onEnd ??= done;
  }

  /** Sends what can be sent now, and waits for the rest. Called when the socket is writable. */
  resume(): void {
    const budget = new Budget();
    for (let first = this.#writes.peek(); first !== undefined; first = this.#writes.peek()) {
      if (!budget.left) break;
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
        this.#failAll(result, first.ancillary);
        break;
      }
      budget.spend(result);
      for (const write of together) {
        if (write.bytes > 0) break;
        // The callback of an earlier write may have emptied the queue.
        if (this.#writes.remove(write)) write.succeed();
      }
      // There is no more room, or one call sends no more.
      if (together.some(({ bytes }) => bytes > 0)) break;
    }
    this.#goOn();
  }

  /** Returns the writes at the front that need no call of their own. */
  #plain(): PendingWrite[] {
    const writes: PendingWrite[] = [];
    let bytes = 0;
    for (const write of this.#writes) {
      if (!write.plain || !write.intact || writes.length === MAX_COALESCED_WRITES) break;
      writes.push(write);
      bytes += write.bytes;
      if (bytes >= MAX_COALESCED_BYTES) break;
    }
    return writes;
  }

  /** Sends once. Returns how many bytes of them went, or -errno. */
  #sendTogether(writes: readonly PendingWrite[]): number {
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

  /** Fails all that follow a write that went in part: the receiver would see a hole in the stream. */
  #passOver(write: PendingWrite): void {
    if (write.written > 0) this.#failAll(ECANCELED);
  }

  #failAll(errno: number, ancillary?: PendingWrite['ancillary']): void {
    for (const write of this.#writes.drain()) {
      write.fail(sendError(this.#handle, errno, ancillary));
    }
  }

  /** Takes out a write that its signal ended, with `error`. */
  forget(write: PendingWrite, error: Error): void {
    this.#writes.remove(write);
    write.fail(error);
    this.#passOver(write);
    if (this.#writes.size === 0) this.#handle.stop(WRITABLE);
    this.#goOn();
  }

  /** Fails all writes, by one error. It is made only if there are any. */
  discard(make: () => Error): void {
    if (this.#writes.size === 0) return;
    const error = make();
    for (const write of this.#writes.drain()) write.fail(error, true);
  }

  /** Waits for room if writes are left. Else shuts the socket for writing, if `end()` was called. */
  #goOn(): void {
    if (this.#writes.size > 0) {
      const result = this.#handle.waitWritable();
      if (result < 0) this.discard(() => systemError('poll', result));
    } else if (this.#ending) {
      this.#handle.shutdown(SHUT_WR);
      this.#onEnd?.();
    }
  }
}
