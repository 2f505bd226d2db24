import type { ReadableStream, WritableStream } from 'node:stream/web';
import type { AddressLike } from '../core/address.js';
import { type Ancillary, ancillaryOf } from '../core/ancillary.js';
import { CONSTRUCTING, checkConstructing } from '../core/constructing.js';
import type { Credentials } from '../core/credentials.js';
import { check, copyOfError, invalidArgValue, systemError } from '../core/errors.js';
import { closeAll, duplicates } from '../core/fd-like.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import { Known } from '../core/known.js';
import { turnOff } from '../core/sockopt.js';
import type { Queue } from '../core/stats.js';
import {
  kHandle,
  kImplementation,
  kLive,
  kOnReadable,
  kOnWritable,
  kQueued,
  kReceives,
  kRejectAll,
  kRelease,
  kUnread,
} from '../core/symbols.js';
import { bytesOf, checkSignal, type Data, optionsOf, refuseLostSince } from '../core/validate.js';
import { resolvedSend } from '../io/budget.js';
import { Deferred } from '../io/deferred.js';
import { adoptHandle, openHandle, openPair } from '../io/handle.js';
import type { Message } from '../io/message.js';
import {
  CONNECT,
  type ConnectOptions,
  connectPlan,
  RECEIVE,
  type ReceiveOptions,
  type ReceiveSettings,
  receiveSettings,
} from '../io/options.js';
import { sendBytes, VectoredWrite } from '../io/vectored-write.js';
import { PendingWrite, WriteQueue } from '../io/write-queue.js';
import type { Handle } from '../native/binding.js';
import { SHUT_RD, SHUT_RDWR, SHUT_WR, SOCK_STREAM } from '../native/constants.js';
import { EAGAIN, EPIPE } from '../native/errno.js';
import { type SocketOptions, SocketSettings } from '../net/options.js';
import { Socket } from '../net/socket.js';
import { READ, type ReadOptions, TO_DUPLEX, WRITE, type WriteOptions } from './options.js';
import { ReadQueue } from './read-queue.js';
import { applyReceive, setUpConnected } from './set-up.js';
import { UnixSocket } from './socket.js';
import { readableOf, writableOf } from './web-streams.js';

/** Bytes read from a stream, with their ancillary data. */
export type StreamMessage = Message;

const CONNECTING = new Known<ConnectOptions>('UnixStream.connect', CONNECT);
const PAIR = new Known<ReceiveOptions>('UnixStream.pair', RECEIVE);
const FROM_FD = new Known<ReceiveOptions>('UnixStream.fromFd', RECEIVE);
const READING = new Known<ReadOptions>('UnixStream.read', READ);
const RECEIVING = new Known<ReadOptions>('UnixStream.receive', READ);
const WRITING = new Known<WriteOptions>('UnixStream.write', WRITE);
const directions = new Map([
  ['read', SHUT_RD],
  ['write', SHUT_WR],
  ['both', SHUT_RDWR],
]);

/**
 * A connected stream socket (SOCK_STREAM, unix(7)). Bytes arrive in order and without borders. It
 * stays open until `close()` or `detach()`; `await using` closes it at the end of its scope.
 */
export class UnixStream extends UnixSocket implements AsyncIterable<Buffer> {
  readonly #reads: ReadQueue;
  #writes: WriteQueue | undefined;
  #readable: ReadableStream<Uint8Array> | undefined;
  #writable: WritableStream<Uint8Array | string> | undefined;
  /** `shutdown('write')` was called: it takes effect once the queued writes are done. */
  #ending = false;

  /** @internal Takes the handle over. */
  constructor(key: typeof CONSTRUCTING, handle: Handle) {
    const factories = 'UnixStream.connect(), UnixStream.pair() or UnixStream.fromFd()';
    checkConstructing(key, 'UnixStream', factories);
    super(key, handle);
    this.#reads = new ReadQueue(handle, this[kImplementation]);
  }

  /**
   * Connects to a listening stream socket. A full backlog is waited out, with back-off, until
   * `signal` or `timeout` says stop. Rejects with ENOENT (no such path), ECONNREFUSED (nobody
   * listens), EPROTOTYPE (a socket of another type), EACCES (no permission to write), ETIMEDOUT.
   */
  static async connect(address: AddressLike, options?: ConnectOptions): Promise<UnixStream> {
    const plan = connectPlan(address, optionsOf(options, CONNECTING));
    const socket = new UnixStream(CONSTRUCTING, openHandle(SOCK_STREAM));
    await setUpConnected(socket, plan);
    return socket;
  }

  /** Makes two sockets connected to each other, as socketpair(2) does. */
  static pair(options?: ReceiveOptions): [UnixStream, UnixStream] {
    const settings = receiveSettings(optionsOf(options, PAIR));
    const [first, second] = openPair(SOCK_STREAM);
    return [streamOf(first, settings), streamOf(second, settings)];
  }

  /**
   * Takes over a connected stream socket, by number or from its owner. Throws `ERR_INVALID_ARG_VALUE`
   * if it is of another type or listening, `ENOTSOCK` or `EBADF` if it is no socket, and what the
   * system says to the options (`ENOPROTOOPT`); ownership then stays where it was.
   */
  static fromFd(fd: number | FileDescriptor, options?: ReceiveOptions): UnixStream {
    const settings = receiveSettings(optionsOf(options, FROM_FD));
    const socket = new UnixStream(CONSTRUCTING, adoptHandle(fd, SOCK_STREAM, false, settings));
    socket[kReceives] = settings;
    return socket;
  }

  /**
   * Reads what is there, waiting for the first byte: up to 64 KiB in a buffer that is the caller's to
   * keep, or into `buffer`, of which a view is returned. Null at the end of the stream. Calls are
   * served in order. On a socket that accepts descriptors (`maxFds`), bytes that brought some reject
   * with `ERR_INVALID_STATE` and wait for `receive()`: they are never dropped. Rejects with
   * ECONNRESET when the peer closed with bytes of ours unread, once what it had sent was read.
   */
  read(buffer?: Uint8Array | null, options?: ReadOptions): Promise<Buffer | null> {
    return this.#read(buffer ?? null, options, READING) as Promise<Buffer | null>;
  }

  /**
   * Reads as `read()` does, and returns ancillary data as well: descriptors, credentials. Bytes with descriptors
   * never merge with those of another message with descriptors; unix(7) tells more.
   */
  receive(options?: ReadOptions): Promise<StreamMessage | null> {
    return this.#read(undefined, options, RECEIVING) as Promise<Message | null>;
  }

  /** Reads to the end of the stream. Leaving the loop leaves the socket open. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
    for (;;) {
      let chunk: Buffer | null;
      try {
        chunk = await this.read();
      } catch (error) {
        if (this.closed) return;
        throw error;
      }
      if (chunk === null) return;
      yield chunk;
    }
  }

  /**
   * Writes all of `data`: a string (as UTF-8), a view, or an array of them, which goes out in as few
   * calls as the kernel allows. Resolves when the kernel has it, and the caller may change it again.
   * Calls are served in order. Rejects with EPIPE or ECONNRESET when the peer is gone, ENOMEM or ENOBUFS
   * when the kernel has no memory, `ERR_INVALID_STATE` when `data` was detached or resized while it waited.
   * An abort, an error or `close()` may leave a part of it sent: as many bytes as the error's
   * `bytesWritten` says; none, where it has no such property. Those that wait behind a write of which only
   * a part has gone fail with it (ECANCELED, or its error): nothing goes out after a hole.
   */
  write(data: Data | readonly Data[], options?: WriteOptions): Promise<void> {
    try {
      const handle = this[kLive]();
      const idle = !this.#ending && (this.#writes === undefined || this.#writes.size === 0);
      if (idle && options === undefined && data instanceof Uint8Array && data.length > 0) {
        return this.#writeBytes(handle, data);
      }
      const parsed = optionsOf(options, WRITING);
      checkSignal(parsed.signal);
      const ancillary = ancillaryOf(parsed);
      const parts = Array.isArray(data) ? data : [data];
      const buffers = parts.map((part) => bytesOf('data', part));
      refuseLostSince('data', buffers);
      // A call of empty buffers alone would send nothing and lose the descriptors.
      const vector = new VectoredWrite(buffers.filter((buffer) => buffer.length > 0));
      const length = vector.bytes;
      if (this.#ending) throw systemError('write', EPIPE);
      if (length === 0) {
        if (ancillary?.fds !== undefined) {
          throw invalidArgValue('data', 'must hold a byte for the descriptors to ride on', data);
        }
        return resolvedSend(0);
      }
      const written = idle ? this.#send(vector, ancillary) : 0;
      if (written === length) return resolvedSend(length);
      // Descriptors go with the first byte.
      const fds = duplicates(written > 0 ? undefined : ancillary?.fds);
      return this.#queue(vector, written, fds, ancillary?.credentials, parsed.signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Writes one buffer without ancillary data while nothing waits, the common case. */
  #writeBytes(handle: Handle, data: Uint8Array): Promise<void> {
    const result = sendBytes(handle, data);
    if (result === data.length) return resolvedSend(result);
    const written = result === EAGAIN ? 0 : check('write', result);
    const rest = new VectoredWrite([data.subarray(written)]);
    return this.#queue(rest, written, [], undefined, undefined);
  }

  #queue(
    vector: VectoredWrite,
    written: number,
    fds: FileDescriptor[],
    credentials: Credentials | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#writes ??= new WriteQueue(this[kHandle]);
    const queue = this.#writes;
    try {
      const deferred = new Deferred<void>(signal, (error) => queue.forget(write, error));
      const settle = (error: Error | undefined, bytesWritten: number, shared: boolean): void => {
        if (error === undefined) deferred.resolve();
        else if (!shared) deferred.reject(Object.assign(error, { bytesWritten }));
        else deferred.reject(bytesWritten === 0 ? error : copyOfError(error, { bytesWritten }));
      };
      const write = new PendingWrite(vector, settle, fds, credentials, written);
      queue.push(write);
      return deferred.promise;
    } catch (error) {
      closeAll(fds);
      throw error;
    }
  }

  /**
   * Ends one or both directions, shutdown(2). `'write'` tells the peer that nothing more comes, once
   * queued writes are done with; `'read'` makes its writes fail with EPIPE.
   */
  shutdown(how: 'read' | 'write' | 'both'): void {
    const direction = directions.get(how);
    if (direction === undefined) {
      throw invalidArgValue('how', "must be 'read', 'write' or 'both'", how);
    }
    const handle = this[kLive]();
    if (how !== 'read') this.#ending = true;
    if (how === 'read' || this.#writes === undefined || this.#writes.size === 0) {
      check('shutdown', handle.shutdown(direction));
      return;
    }
    this.#writes.end();
    if (how === 'both') check('shutdown', handle.shutdown(SHUT_RD));
  }

  /**
   * The bytes that arrive, as a web stream. BYOB readers read into their own memory. Nothing is read
   * ahead. Cancelling it is `shutdown('read')`. Either `read()` or this: both take from one queue.
   */
  get readable(): ReadableStream<Uint8Array> {
    this.#readable ??= readableOf(this);
    return this.#readable;
  }

  /**
   * A web stream of what is sent: `ready` waits once 64 KiB are queued. Closing or aborting it is
   * `shutdown('write')`; the socket stays open to read.
   */
  get writable(): WritableStream<Uint8Array | string> {
    this.#writable ??= writableOf(this);
    return this.#writable;
  }

  /**
   * This connection as a `Socket` of `afunix/net`, a Node stream. Ownership moves: pending operations
   * here reject, and this socket is closed; `maxFds`, `credentials` and `busyPoll` go with it, pidfds do
   * not. Throws `ERR_INVALID_STATE` while it holds received descriptors that were not taken, and as `Socket`
   * does for wrong options: this socket then stays as it is.
   */
  toDuplex(options?: Pick<SocketOptions, 'allowHalfOpen' | 'highWaterMark' | 'signal'>): Socket {
    const { maxFds, credentials, pidfds, busyPoll } = this[kReceives];
    const settings = new SocketSettings({
      ...optionsOf(options, TO_DUPLEX),
      maxFds,
      credentials,
      busyPoll,
    });
    return new Socket(settings, () => {
      const handle = this[kRelease]();
      // Nobody would close them.
      if (pidfds) turnOff(handle.fd, 'SO_PASSPIDFD');
      return handle;
    });
  }

  #read(
    buffer: Uint8Array | null | undefined,
    options: ReadOptions | undefined,
    known: Known<ReadOptions>,
  ): Promise<Buffer | Message | null> {
    try {
      this[kLive]();
      const signal = options === undefined ? undefined : optionsOf(options, known).signal;
      return this.#reads.read(buffer, signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Sends once. Returns how many bytes went. */
  #send(vector: VectoredWrite, ancillary: Ancillary | undefined): number {
    const result = vector.send(this[kHandle], ancillary?.fds, ancillary?.credentials);
    return result === EAGAIN ? 0 : check('write', result);
  }

  /** @internal */
  [kOnReadable](result: number): void {
    this.#reads.resume(result);
  }

  /** @internal */
  [kOnWritable](): void {
    this.#writes?.resume();
  }

  /** @internal */
  override [kRejectAll](error: Error): void {
    this.#reads.rejectAll(error);
    this.#writes?.discard(error);
  }

  /** @internal */
  override get [kQueued](): Queue {
    return { messages: this.#writes?.size ?? 0, bytes: this.#writes?.bytes ?? 0 };
  }

  /** @internal */
  override [kUnread](): number {
    return Number(this.#reads.holds);
  }
}

/** Makes the socket of an open handle. Closes the handle if it cannot be configured. */
export function streamOf(handle: Handle, settings: ReceiveSettings): UnixStream {
  const socket = new UnixStream(CONSTRUCTING, handle);
  applyReceive(socket, settings);
  return socket;
}
