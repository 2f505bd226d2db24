// What a Socket of afunix/net writes: tried at once, and the rest when the socket is writable.

import { codedError, systemError } from '../core/errors.js';
import { closeAll, duplicates } from '../core/fd-like.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import { nothing, type Queue } from '../core/stats.js';
import { Allowance } from '../io/budget.js';
import { ByteVector, changedError, sendBytes } from '../io/vectored-write.js';
import { type Handle, native } from '../native/binding.js';

export type WriteCallback = (error?: Error | null) => void;
/** As a Writable hands them to `_writev`. */
export type Chunk = { chunk: Uint8Array | string; encoding: BufferEncoding };

/** Bytes on their way, with the descriptors that ride on the first of them. */
interface Outgoing {
  readonly vector: ByteVector;
  fds: FileDescriptor[];
}

const EAGAIN = -(native.errnos.EAGAIN as number);
/** What `sendAll` returns for memory that is not what it was. */
const CHANGED = Number.NEGATIVE_INFINITY;

/** One write at a time, as a Writable does it. */
export class SocketOutput {
  /** Bytes of all writes so far, of the one that waits too. */
  bytes = 0;
  #outgoing: Outgoing[] | undefined;
  #done: WriteCallback | undefined;
  /** The descriptors of each chunk whose turn has not come. */
  #attached: Map<Uint8Array, FileDescriptor[]> | undefined;

  /** Whether any chunk has descriptors. */
  get attached(): boolean {
    return this.#attached !== undefined;
  }

  /** The write that waits for room, and what is left of it. */
  get queue(): Queue {
    if (this.#outgoing === undefined) return nothing;
    return { messages: 1, bytes: bytesOf(this.#outgoing) };
  }

  /** Has duplicates of these descriptors ride on `chunk`, when it is written. */
  attach(chunk: Uint8Array, fds: readonly number[]): void {
    const copies = duplicates(fds);
    this.#attached ??= new Map();
    this.#attached.set(chunk, copies);
  }

  /** Writes bytes without descriptors; `done` is called at once if they all went. */
  write(handle: Handle, data: Uint8Array, done: WriteCallback): void {
    this.bytes += data.length;
    const result = sendBytes(handle, data);
    if (result === data.length) done();
    else if (result < 0 && result !== EAGAIN) done(systemError('write', result));
    else {
      const rest = result > 0 ? data.subarray(result) : data;
      this.#wait(handle, [{ vector: new ByteVector([rest]), fds: [] }], done);
    }
  }

  /** Writes them with as few calls as their descriptors allow. */
  writeMany(handle: Handle, chunks: readonly Chunk[], done: WriteCallback): void {
    const outgoing = this.#gather(chunks);
    this.bytes += bytesOf(outgoing);
    const result = sendAll(handle, outgoing);
    if (result === 0) done();
    else if (result === EAGAIN) this.#wait(handle, outgoing, done);
    else {
      closeFds(outgoing);
      done(errorOf(result));
    }
  }

  /** The socket is writable. */
  resume(handle: Handle): void {
    if (this.#outgoing === undefined) return;
    const result = sendAll(handle, this.#outgoing);
    const waits = result === EAGAIN ? handle.waitWritable() : result;
    if (result !== EAGAIN || waits < 0) this.#finish(waits === 0 ? null : errorOf(waits));
  }

  /** Nothing more goes: fails the write that waits, closes the descriptors of all. */
  discard(error: Error | null): void {
    for (const fds of this.#attached?.values() ?? []) closeAll(fds);
    this.#attached = undefined;
    if (this.#outgoing !== undefined) this.#finish(error ?? destroyedError());
  }

  /** The chunks as bytes; each that has descriptors begins a message of its own. */
  #gather(chunks: readonly Chunk[]): Outgoing[] {
    const outgoing: Outgoing[] = [];
    let buffers: Uint8Array[] = [];
    let fds: FileDescriptor[] = [];
    for (const { chunk, encoding } of chunks) {
      const data = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
      const attached = this.#attached?.get(data);
      if (attached !== undefined) {
        this.#attached?.delete(data);
        outgoing.push({ vector: new ByteVector(buffers), fds });
        buffers = [];
        fds = attached;
      }
      buffers.push(data);
    }
    outgoing.push({ vector: new ByteVector(buffers), fds });
    if (this.#attached?.size === 0) this.#attached = undefined;
    return outgoing;
  }

  #wait(handle: Handle, outgoing: Outgoing[], done: WriteCallback): void {
    this.#outgoing = outgoing;
    this.#done = done;
    const result = handle.waitWritable();
    if (result < 0) this.#finish(systemError('write', result));
  }

  #finish(error: Error | null): void {
    const done = this.#done;
    if (this.#outgoing !== undefined) closeFds(this.#outgoing);
    this.#outgoing = undefined;
    this.#done = undefined;
    done?.(error);
  }
}

/** The bytes that `chunk` is on the wire. */
export function byteLength({ chunk, encoding }: Chunk): number {
  return typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.byteLength;
}

function destroyedError(): Error {
  return codedError(
    Error,
    'ERR_STREAM_DESTROYED',
    'Cannot call write after a stream was destroyed',
  );
}

/** Sends what can and may be sent now. Returns 0 when nothing is left, or -errno. */
function sendAll(handle: Handle, outgoing: Outgoing[]): number {
  const allowance = new Allowance();
  for (let first = outgoing[0]; first !== undefined; first = outgoing[0]) {
    const { vector } = first;
    if (!vector.intact) return CHANGED;
    while (vector.bytes > 0) {
      if (!allowance.left) return EAGAIN;
      const rights = first.fds.length === 0 ? undefined : first.fds.map(({ fd }) => fd);
      const result = vector.send(handle, rights);
      if (result < 0) return result;
      // Those of a partial send have gone with its first byte.
      closeAll(first.fds);
      first.fds = [];
      if (vector.cut) return EAGAIN;
      allowance.spend(result);
    }
    outgoing.shift();
  }
  return 0;
}

function errorOf(result: number): Error {
  return result === CHANGED ? changedError() : systemError('write', result);
}

function bytesOf(outgoing: readonly Outgoing[]): number {
  return outgoing.reduce((sum, { vector }) => sum + vector.bytes, 0);
}

function closeFds(outgoing: readonly Outgoing[]): void {
  for (const { fds } of outgoing) closeAll(fds);
}
