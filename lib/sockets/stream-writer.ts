import {
  ANCILLARY,
  type Ancillary,
  type AncillaryOptions,
  ancillaryOf,
} from '../core/ancillary.js';
import type { Credentials } from '../core/credentials.js';
import { Deferred } from '../core/deferred.js';
import {
  check,
  copyOfError,
  invalidArgValue,
  outOfRange,
  systemError,
  unavailable,
} from '../core/errors.js';
import { closeAll, descriptorsOf, duplicates, type FdLike } from '../core/fd-like.js';
import { duplicate, type FileDescriptor } from '../core/file-descriptor.js';
import { kindOf } from '../core/file-kind.js';
import { Known } from '../core/known.js';
import type { Queue } from '../core/stats.js';
import {
  bytesOf,
  checkSignal,
  type Data,
  integer,
  optionsOf,
  refuseLostSince,
} from '../core/validate.js';
import { resolvedSend } from '../io/budget.js';
import { FileSource } from '../io/file-source.js';
import { sendError } from '../io/send-error.js';
import { sendBytes, VectoredWrite } from '../io/vectored-write.js';
import { PendingWrite, WriteQueue } from '../io/write-queue.js';
import { type Handle, native } from '../native/binding.js';
import { SHUT_RD, SHUT_RDWR } from '../native/constants.js';
import { EAGAIN, ENOSYS, EPIPE } from '../native/errno.js';
import { SEND_FILE, type SendFileOptions, WRITE, type WriteOptions } from './options.js';

const WRITING = new Known<WriteOptions>('UnixStream.write', WRITE);
const TRY_WRITE = new Known<AncillaryOptions>('UnixStream.tryWrite', ANCILLARY);

/** Returns the buffers of a write. Empty ones are left out: a call of those alone would lose its descriptors. */
function vectorOf(data: Data | readonly Data[]): VectoredWrite {
  const parts = Array.isArray(data) ? data : [data];
  const buffers = parts.map((part) => bytesOf('data', part));
  refuseLostSince('data', buffers);
  return new VectoredWrite(buffers.filter((buffer) => buffer.length > 0));
}

/** Throws if descriptors have no byte to ride on. */
function refuseLoneFds(data: unknown, ancillary: Ancillary | undefined): void {
  if (ancillary?.fds === undefined) return;
  throw invalidArgValue('data', 'must hold a byte for the descriptors to ride on', data);
}

/** What is known of a write that has to wait. */
interface Rest {
  /** The bytes that went already. */
  readonly written: number;
  /** Duplicates that go with the first byte. */
  readonly fds?: FileDescriptor[];
  readonly credentials?: Credentials | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Closed when the write is over. */
  readonly own?: FileDescriptor;
}

const nothing = (): void => {};

/** Returns the part of a regular file to send. */
function rangeOf(
  fd: number,
  { start = 0, end }: SendFileOptions,
): { start: number; bytes: number } {
  const { MAX_SAFE_INTEGER } = Number;
  integer('options.start', start, 0, MAX_SAFE_INTEGER);
  if (end !== undefined) integer('options.end', end, 0, MAX_SAFE_INTEGER);
  if (end !== undefined && end < start) {
    throw outOfRange('options.end', `>= ${start}, the start`, end);
  }
  const stat = native.raw.fstat(fd);
  if (typeof stat === 'number') throw systemError('fstat', stat);
  const kind = kindOf(fd);
  if (kind !== 'file') throw invalidArgValue('fd', 'must be a regular file', kind);
  const last = end === undefined ? stat.size : Math.min(stat.size, end + 1);
  return { start, bytes: Math.max(0, last - start) };
}

/** The writing half of a stream socket, which is open. */
export class StreamWriter {
  readonly #handle: Handle;
  #writes: WriteQueue | undefined;
  /** The socket is shut for writing, or will be once the queued writes are done. */
  #ending = false;

  constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** Whether nothing is queued. */
  get #idle(): boolean {
    return this.#writes === undefined || this.#writes.size === 0;
  }

  /** Writes all of `data`. Throws what it finds at once. */
  write(data: Data | readonly Data[], options?: WriteOptions): Promise<void> {
    const idle = !this.#ending && this.#idle;
    if (idle && options === undefined && data instanceof Uint8Array && data.length > 0) {
      return this.#writeBytes(data);
    }
    const parsed = optionsOf(options, WRITING);
    checkSignal(parsed.signal);
    const ancillary = ancillaryOf(parsed);
    const vector = vectorOf(data);
    const length = vector.bytes;
    if (this.#ending) throw systemError('write', EPIPE);
    if (length === 0) {
      refuseLoneFds(data, ancillary);
      return resolvedSend(0);
    }
    const written = idle ? this.#send(vector, ancillary) : 0;
    if (written === length) return resolvedSend(length);
    // Descriptors go with the first byte.
    const fds = duplicates(written > 0 ? undefined : ancillary?.fds);
    const { signal } = parsed;
    const credentials = ancillary?.credentials;
    return this.#queue(vector, { written, fds, credentials, signal }, nothing);
  }

  /** Writes what there is room for now. Returns how many bytes went. */
  tryWrite(data: Data | readonly Data[], options: AncillaryOptions | undefined): number {
    const ancillary = ancillaryOf(optionsOf(options, TRY_WRITE));
    const vector = vectorOf(data);
    const length = vector.bytes;
    if (this.#ending) throw systemError('write', EPIPE);
    if (length === 0) refuseLoneFds(data, ancillary);
    if (length === 0 || !this.#idle) return 0;
    let written = this.#send(vector, ancillary);
    // One call takes a part of much data. Descriptors went with the first byte.
    while (written > 0 && !vector.cut && vector.bytes > 0) {
      const more = vector.send(this.#handle, undefined, ancillary?.credentials);
      if (more <= 0) break; // the next call gets the error
      written += more;
    }
    return written;
  }

  /** Sends a part of a file. Resolves with the number of bytes. Throws what it finds at once. */
  sendFile(file: FdLike, options: SendFileOptions | undefined): Promise<number> {
    const parsed = optionsOf(options, SEND_FILE);
    checkSignal(parsed.signal);
    const [fd] = descriptorsOf([file]) as [number];
    const { start, bytes } = rangeOf(fd, parsed);
    if (this.#ending) throw systemError('sendfile', EPIPE);
    const own = duplicate(fd, 'a file that is sent');
    try {
      const source = new FileSource(own.fd, start, bytes);
      const result = this.#idle && bytes > 0 ? source.send(this.#handle) : EAGAIN;
      if (result === ENOSYS) throw unavailable('sendfile');
      const written = result === EAGAIN ? 0 : check('sendfile', result);
      if (source.bytes > 0) {
        return this.#queue(source, { written, signal: parsed.signal, own }, (sent) => sent);
      }
      own.close();
      return resolvedSend(written).then(() => written);
    } catch (error) {
      own.close();
      throw error;
    }
  }

  /** Writes one buffer without ancillary data while nothing waits, the common case. */
  #writeBytes(data: Uint8Array): Promise<void> {
    const result = sendBytes(this.#handle, data);
    if (result === data.length) return resolvedSend(result);
    const written = result === EAGAIN ? 0 : check('write', result);
    const rest = new VectoredWrite([data.subarray(written)]);
    return this.#queue(rest, { written }, nothing);
  }

  /** Queues what is left of a write. Resolves with what `resultOf` makes of the number of bytes. */
  #queue<T>(
    source: VectoredWrite | FileSource,
    { written, fds = [], credentials, signal, own }: Rest,
    resultOf: (sent: number) => T,
  ): Promise<T> {
    this.#writes ??= new WriteQueue(this.#handle);
    const queue = this.#writes;
    try {
      const deferred = new Deferred<T>(signal, (error) => queue.forget(write, error));
      const settle = (error: Error | undefined, bytesWritten: number, shared: boolean): void => {
        own?.close();
        if (error === undefined) deferred.resolve(resultOf(bytesWritten));
        else if (!shared) deferred.reject(Object.assign(error, { bytesWritten }));
        else deferred.reject(bytesWritten === 0 ? error : copyOfError(error, { bytesWritten }));
      };
      const write = new PendingWrite(source, settle, fds, credentials, written);
      queue.push(write);
      return deferred.promise;
    } catch (error) {
      closeAll(fds);
      throw error;
    }
  }

  /** Sends once. Returns how many bytes went. */
  #send(vector: VectoredWrite, ancillary: Ancillary | undefined): number {
    const result = vector.send(this.#handle, ancillary?.fds, ancillary?.credentials);
    if (result >= 0) return result;
    if (result === EAGAIN) return 0;
    throw sendError(this.#handle, result, ancillary);
  }

  /** Shuts down; for writing once the queued writes are done. */
  shutdown(direction: number): void {
    if (direction !== SHUT_RD) this.#ending = true;
    if (direction === SHUT_RD || this.#idle) {
      check('shutdown', this.#handle.shutdown(direction));
      return;
    }
    this.#writes?.end();
    if (direction === SHUT_RDWR) check('shutdown', this.#handle.shutdown(SHUT_RD));
  }

  /** Refuses further writes. Calls `done` once the queued ones are over: at once if none is queued. */
  end(done: () => void): void {
    this.#ending = true;
    if (this.#idle) done();
    else this.#writes?.end(done);
  }

  /** Sends what can be sent now. Called when the socket is writable. */
  resume(): void {
    this.#writes?.resume();
  }

  /** Fails all writes that wait. */
  discard(make: () => Error): void {
    this.#writes?.discard(make);
  }

  /** What waits to be sent. */
  get queued(): Queue {
    return { messages: this.#writes?.size ?? 0, bytes: this.#writes?.bytes ?? 0 };
  }
}
