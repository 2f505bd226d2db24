// The sending side of a Socket of afunix/net.

import { codedError, systemError } from '../core/errors.js';
import { closeAll, duplicates } from '../core/fd-like.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import { EMPTY_QUEUE, type Queue } from '../core/stats.js';
import { sendBytes, VectoredWrite } from '../io/vectored-write.js';
import { PendingWrite, WriteQueue } from '../io/write-queue.js';
import type { Handle } from '../native/binding.js';
import { EAGAIN } from '../native/errno.js';

export type WriteCallback = (error?: Error | null) => void;
/** A chunk as a Writable hands it to `_writev`. */
export type Chunk = { chunk: Uint8Array | string; encoding: BufferEncoding };

/** Does one write at a time, as a Writable: what has room goes at once, the rest when the socket is writable. */
export class SocketWriter {
  /** Bytes of all writes so far, including the one that waits. */
  bytes = 0;
  #writes: WriteQueue | undefined;
  /** The descriptors of each chunk that was not written yet. */
  #attached: Map<Uint8Array, FileDescriptor[]> | undefined;

  /** Whether any chunk has descriptors. */
  get attached(): boolean {
    return this.#attached !== undefined;
  }

  /** The write that waits for room, and the bytes that are left of it. */
  get queue(): Queue {
    const waits = this.#writes !== undefined && this.#writes.size > 0;
    return waits ? { messages: 1, bytes: this.#writes?.bytes ?? 0 } : EMPTY_QUEUE;
  }

  /** Has duplicates of these descriptors sent with `chunk`, when it is written. */
  attach(chunk: Uint8Array, fds: readonly number[]): void {
    const copies = duplicates(fds);
    this.#attached ??= new Map();
    this.#attached.set(chunk, copies);
  }

  /** Writes bytes without descriptors; `done` is called at once if they all went. */
  write(handle: Handle, data: Uint8Array, done: WriteCallback): void {
    this.bytes += data.length;
    const result = sendBytes(handle, data);
    if (result === data.length) {
      done();
    } else if (result < 0 && result !== EAGAIN) {
      done(systemError('write', result));
    } else {
      const rest = result > 0 ? data.subarray(result) : data;
      const write = new PendingWrite(new VectoredWrite([rest]), (error) => done(error));
      this.#queueOf(handle).push(write);
    }
  }

  /** Writes them with as few calls as their descriptors allow. */
  writeMany(handle: Handle, chunks: readonly Chunk[], done: WriteCallback): void {
    let [left, failed] = [0, false];
    const settle = (error: Error | undefined): void => {
      left -= 1;
      if (failed || (error === undefined && left > 0)) return;
      failed = error !== undefined;
      done(error);
    };
    const writes = this.#gather(chunks, settle);
    left = writes.length;
    for (const { bytes } of writes) this.bytes += bytes;
    if (left === 0) done();
    else this.#queueOf(handle).start(writes);
  }

  /** Continues with the write that waits. Called when the socket is writable. */
  resume(): void {
    this.#writes?.resume();
  }

  /** Fails the write that waits, and closes the descriptors of all chunks. */
  discard(error: Error | null): void {
    for (const fds of this.#attached?.values() ?? []) closeAll(fds);
    this.#attached = undefined;
    const writes = this.#writes;
    this.#writes = undefined;
    writes?.discard(() => error ?? destroyedError());
  }

  #queueOf(handle: Handle): WriteQueue {
    this.#writes ??= new WriteQueue(handle);
    return this.#writes;
  }

  /** Makes writes of the chunks. A chunk with descriptors begins a write of its own. */
  #gather(chunks: readonly Chunk[], settle: (error: Error | undefined) => void): PendingWrite[] {
    const writes: PendingWrite[] = [];
    let buffers: Uint8Array[] = [];
    let fds: FileDescriptor[] = [];
    const flush = (): void => {
      const data = new VectoredWrite(buffers.filter(({ length }) => length > 0));
      if (data.bytes > 0) writes.push(new PendingWrite(data, settle, fds));
      else closeAll(fds);
    };
    for (const { chunk, encoding } of chunks) {
      const data = typeof chunk === 'string' ? encode(chunk, encoding) : chunk;
      const attached = this.#attached?.get(data);
      if (attached !== undefined) {
        this.#attached?.delete(data);
        flush();
        buffers = [];
        fds = attached;
      }
      buffers.push(data);
    }
    flush();
    if (this.#attached?.size === 0) this.#attached = undefined;
    return writes;
  }
}

/** Returns the number of bytes that `chunk` is sent as. */
export function byteLength({ chunk, encoding }: Chunk): number {
  return typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.byteLength;
}

/** Encodes a string. A stream lets the encoding 'buffer' pass: it throws ERR_INVALID_ARG_TYPE then, as node:net. */
export function encode(text: string, encoding: BufferEncoding | 'buffer'): Buffer {
  if (encoding !== 'buffer') return Buffer.from(text, encoding);
  throw codedError(TypeError, 'ERR_INVALID_ARG_TYPE', 'Second argument must be a buffer');
}

function destroyedError(): Error {
  return codedError(
    Error,
    'ERR_STREAM_DESTROYED',
    'Cannot call write after a stream was destroyed',
  );
}
