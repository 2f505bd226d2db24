import type { ReadableStream, WritableStream } from 'node:stream/web';
import type { AddressLike } from '../core/address.js';
import type { AncillaryOptions } from '../core/ancillary.js';
import { CONSTRUCTING, checkConstructing } from '../core/constructing.js';
import { Deferred } from '../core/deferred.js';
import type { FdLike } from '../core/fd-like.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import { Known } from '../core/known.js';
import { turnOff } from '../core/sockopt.js';
import type { Queue } from '../core/stats.js';
import {
  kImplementation,
  kLive,
  kOnReadable,
  kOnWritable,
  kQueued,
  kReceives,
  kRejectAll,
  kRelease,
  kShut,
  kUnread,
} from '../core/symbols.js';
import { type Data, integer, optionsOf } from '../core/validate.js';
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
import type { Handle } from '../native/binding.js';
import { SOCK_STREAM } from '../native/constants.js';
import { type SocketOptions, SocketSettings } from '../net/options.js';
import { Socket } from '../net/socket.js';
import { chunksOf } from './chunks.js';
import { directionOf } from './direction.js';
import { ExactRead } from './exact-read.js';
import {
  DEFAULTS,
  READ,
  type ReadOptions,
  type ReceiveStreamOptions,
  type SendFileOptions,
  streamReceiveOf,
  TO_DUPLEX,
  type WriteOptions,
} from './options.js';
import { PEEK, READY, ReadQueue, type Wanted } from './read-queue.js';
import { applyReceive, setUpConnected } from './set-up.js';
import { UnixSocket } from './socket.js';
import { StreamWriter } from './stream-writer.js';
import { readableOf, writableOf } from './web-streams.js';

/** Bytes read from a stream, with their ancillary data. */
export type StreamMessage = Message;

const CONNECTING = new Known<ConnectOptions>('UnixStream.connect', CONNECT);
const PAIR = new Known<ReceiveOptions>('UnixStream.pair', RECEIVE);
const FROM_FD = new Known<ReceiveOptions>('UnixStream.fromFd', RECEIVE);
const READING = new Known<ReadOptions>('UnixStream.read', READ);
const READ_EXACTLY = new Known<ReadOptions>('UnixStream.readExactly', READ);
const WAIT_READABLE = new Known<ReadOptions>('UnixStream.waitReadable', READ);

/**
 * A connected stream socket (SOCK_STREAM, unix(7)). Bytes arrive in order and without borders. It
 * stays open until `close()` or `detach()`; `await using` closes it at the end of its scope.
 */
export class UnixStream extends UnixSocket implements AsyncIterable<Buffer> {
  readonly #reads: ReadQueue;
  readonly #writer: StreamWriter;
  /** Resolved when the socket is closed, if `end()` was called. */
  #ended: Deferred<void> | undefined;
  #readable: ReadableStream<Uint8Array> | undefined;
  #writable: WritableStream<Uint8Array | string> | undefined;

  /** @internal Takes the handle over. */
  constructor(key: typeof CONSTRUCTING, handle: Handle) {
    const factories = 'UnixStream.connect(), UnixStream.pair() or UnixStream.fromFd()';
    checkConstructing(key, 'UnixStream', factories);
    super(key, handle);
    this.#reads = new ReadQueue(handle, this[kImplementation]);
    this.#writer = new StreamWriter(handle);
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
   * never merge with those of another message with descriptors; unix(7) tells more. With `peek` what is there, up to
   * 64 KiB, is left for the next read (MSG_PEEK).
   */
  receive(options?: ReceiveStreamOptions): Promise<StreamMessage | null> {
    try {
      const { peek, signal } = options === undefined ? DEFAULTS : streamReceiveOf(options);
      this[kLive]();
      return this.#reads.read(peek ? PEEK : undefined, signal) as Promise<Message | null>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Reads exactly `size` bytes, 1 to 2^31-1, into a buffer that is the caller's to keep. Null if the stream ends before
   * the first. Calls of all reading methods are served in order. Rejects with `ERR_STREAM_PREMATURE_CLOSE` if the stream
   * ends in between, and as `read()`. Nothing is lost then, nor when the signal aborts: the bytes that were there are
   * left for the next read. The memory is allocated at once: check a size that a peer has sent.
   */
  readExactly(size: number, options?: ReadOptions): Promise<Buffer | null> {
    try {
      const exact = new ExactRead(integer('size', size, 1));
      return this.#read(exact, options, READ_EXACTLY) as Promise<Buffer | null>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Reads what is there as `read()` does, but never waits: undefined if nothing is there, or if other reads wait. Null
   * at the end of the stream. Throws what `read()` rejects with.
   */
  tryRead(buffer?: Uint8Array | null): Buffer | null | undefined {
    this[kLive]();
    return this.#reads.tryRead(buffer ?? null) as Buffer | null | undefined;
  }

  /** Reads what is there with its ancillary data, as `receive()` does, but never waits: as `tryRead()`. */
  tryReceive(): StreamMessage | null | undefined {
    this[kLive]();
    return this.#reads.tryRead(undefined) as Message | null | undefined;
  }

  /**
   * Resolves when a read would not wait: bytes are there, or the end of the stream, or an error. Nothing is read. Served
   * in order with the reads. (`readable` is the web stream.) Rejects when the signal aborts, and with
   * `ERR_SOCKET_CLOSED`.
   */
  async waitReadable(options?: ReadOptions): Promise<void> {
    await this.#read(READY, options, WAIT_READABLE);
  }

  /** Reads to the end of the stream. Leaving the loop leaves the socket open. */
  [Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
    return chunksOf(this);
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
      this[kLive]();
      return this.#writer.write(data, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Writes what there is room for now, as `write()` does, and returns how many bytes went: 0 if there is no room, or if
   * other writes wait. The descriptors of `fds` have gone unless it is 0. Throws what `write()` rejects with.
   */
  tryWrite(data: Data | readonly Data[], options?: AncillaryOptions): number {
    this[kLive]();
    return this.#writer.tryWrite(data, options);
  }

  /**
   * Sends a regular file, or the bytes `start` to `end` of it, in order with the writes (sendfile(2), Linux). The bytes do
   * not pass through this process's memory, and no offset moves. Resolves with their number when the kernel has them:
   * fewer than asked for if the file ends before. The caller may close the file at once: a duplicate is kept. The kernel
   * reads from the disk in this thread, which waits for what is not in memory. Rejects as `write()`, with
   * `ERR_INVALID_ARG_VALUE` for what is no regular file, EBADF if it is not open to read, EINVAL where its file system
   * cannot, `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on macOS.
   */
  sendFile(file: FdLike, options?: SendFileOptions): Promise<number> {
    try {
      this[kLive]();
      return this.#writer.sendFile(file, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Closes the socket once the queued writes are done with: `close()` would drop them. Further writes fail with EPIPE.
   * Resolves when the socket is closed, also by `close()`, which does not wait. A peer that reads nothing makes this wait
   * for ever. A write that fails rejects its own promise. Bytes that nobody has read here when the socket closes are
   * dropped, and the peer gets ECONNRESET after it has read everything: read to the end first.
   */
  end(): Promise<void> {
    try {
      this[kLive]();
      if (this.#ended === undefined) {
        this.#ended = new Deferred();
        this.#writer.end(() => this[kShut]());
      }
      return this.#ended.promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Ends one or both directions, shutdown(2). `'write'` tells the peer that nothing more comes, once
   * queued writes are done with; `'read'` makes its writes fail with EPIPE.
   */
  shutdown(how: 'read' | 'write' | 'both'): void {
    const direction = directionOf(how);
    this[kLive]();
    this.#writer.shutdown(direction);
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
   * This connection as a `Socket` of `afunix/net`, a Node stream. Ownership moves: pending operations here reject, and this
   * socket is closed; `maxFds`, `credentials` and `busyPoll` go with it. Throws `ERR_INVALID_STATE` while it holds received
   * descriptors that were not taken, and as `Socket` does for wrong options: this socket then stays as it is.
   */
  toDuplex(options?: Pick<SocketOptions, 'allowHalfOpen' | 'highWaterMark' | 'signal'>): Socket {
    const { maxFds, fdPlaceholders, credentials, pidfds, busyPoll } = this[kReceives];
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
      if (fdPlaceholders) turnOff(handle.fd, 'SO_RIGHTS_NOTRUNC');
      return handle;
    });
  }

  #read(
    wants: Wanted,
    options: ReadOptions | undefined,
    known: Known<ReadOptions>,
  ): Promise<unknown> {
    try {
      this[kLive]();
      const signal = options === undefined ? undefined : optionsOf(options, known).signal;
      return this.#reads.read(wants, signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @internal */
  [kOnReadable](result: number): void {
    this.#reads.resume(result);
  }

  /** @internal */
  [kOnWritable](): void {
    this.#writer.resume();
  }

  /** @internal */
  override [kRejectAll](make: () => Error): void {
    this.#reads.rejectAll(make);
    this.#writer.discard(make);
    this.#ended?.resolve();
  }

  /** @internal */
  override get [kQueued](): Queue {
    return this.#writer.queued;
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
