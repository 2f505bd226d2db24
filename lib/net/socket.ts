// The Duplex of a local socket, shaped like node:net's Socket on a pipe. docs/streams.md has the differences, and
// their reasons.
import { addAbortSignal, Duplex, type DuplexOptions } from 'node:stream';
import { type AddressLike, UnixAddress } from '../core/address.js';
import type { Credentials } from '../core/credentials.js';
import {
  closedError,
  codedError,
  defineOwn,
  invalidArgType,
  invalidArgValue,
} from '../core/errors.js';
import { descriptorsOf, type FdLike } from '../core/fd-like.js';
import type { SocketStats } from '../core/stats.js';
import { kImplementation } from '../core/symbols.js';
import { timeoutOf } from '../core/timeout.js';
import { bytesOf, type Data } from '../core/validate.js';
import { peerCredentials } from '../io/peer.js';
import type { Handle } from '../native/binding.js';
import { Connection } from './connection.js';
import { explainEnd } from './end.js';
import type { AnyListener, SocketEvents } from './events.js';
import type { SocketImplementation } from './implementation.js';
import {
  type ConnectOptions,
  connectOptionsOf,
  listenerOf,
  RECONNECT,
  type SocketOptions,
  SocketSettings,
} from './options.js';
import { isPipe, Pipe } from './pipe.js';
import type { Chunk, WriteCallback } from './writer.js';

/** The listeners of its events, and what only TCP has. */
export interface Socket {
  /** Undefined, as that of a local socket of node:net. */
  readonly localAddress?: undefined;
  /** Undefined, as that of a local socket of node:net. */
  readonly localFamily?: undefined;
  /** Undefined, as that of a local socket of node:net. */
  readonly localPort?: undefined;
  /** Undefined, as that of a local socket of node:net. */
  readonly remoteAddress?: undefined;
  /** Undefined, as that of a local socket of node:net. */
  readonly remoteFamily?: undefined;
  /** Undefined, as that of a local socket of node:net. */
  readonly remotePort?: undefined;
  /** As `on()`. */
  addListener<E extends keyof SocketEvents>(
    event: E,
    listener: (...values: SocketEvents[E]) => void,
  ): this;
  /** The same for an event of any name. */
  addListener(event: string | symbol, listener: AnyListener): this;
  /** Adds a listener of an event, as `EventEmitter.on()`. `SocketEvents` has the events. */
  on<E extends keyof SocketEvents>(event: E, listener: (...values: SocketEvents[E]) => void): this;
  /** The same for an event of any name. */
  on(event: string | symbol, listener: AnyListener): this;
  /** Adds a listener of the next such event. */
  once<E extends keyof SocketEvents>(
    event: E,
    listener: (...values: SocketEvents[E]) => void,
  ): this;
  /** The same for an event of any name. */
  once(event: string | symbol, listener: AnyListener): this;
  /** As `on()`, before the listeners that are there. */
  prependListener<E extends keyof SocketEvents>(
    event: E,
    listener: (...values: SocketEvents[E]) => void,
  ): this;
  /** The same for an event of any name. */
  prependListener(event: string | symbol, listener: AnyListener): this;
  /** As `once()`, before the listeners that are there. */
  prependOnceListener<E extends keyof SocketEvents>(
    event: E,
    listener: (...values: SocketEvents[E]) => void,
  ): this;
  /** The same for an event of any name. */
  prependOnceListener(event: string | symbol, listener: AnyListener): this;
}

/**
 * A connection as a stream: members, events and errors of `net.Socket` on a Unix domain socket. Beyond
 * it: `writeWithFds()`, `peerCredentials()` and the events
 * - `'fds'` (`FileDescriptor[]`): before the `'data'` that brought them. They are the listener's to
 *   close; without a listener they are closed at once. Needs `maxFds`.
 * - `'credentials'` (`Credentials`): before the first `'data'`, and before any whose sender differs
 *   from the one before. Needs `credentials: true`.
 *
 * As in Node.js, a socket that nothing refers to stays open while it reads.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the interface declares methods that Socket inherits
export class Socket extends Duplex {
  /** Whether `connect()` was called and has not finished. */
  connecting = false;
  /** The idle timeout in milliseconds, if `setTimeout()` was called. */
  timeout: number | undefined;
  /** The server that accepted it, which need not be of this package (`http.Server` sets it too). */
  server: unknown = null;
  /** @internal */
  readonly [kImplementation]: SocketImplementation;

  /**
   * Makes a socket that is not connected, or one that takes `options.fd` over. As in node:net, a number means
   * `{ fd: number }`, never a port.
   */
  constructor(options?: SocketOptions | number);
  /** @internal Takes the handle over, see `Connection.take()`. */
  constructor(settings: SocketSettings, handle: Handle | (() => Handle));
  constructor(options?: SocketOptions | SocketSettings | number, handle?: Handle | (() => Handle)) {
    const settings = options instanceof SocketSettings ? options : new SocketSettings(options);
    super(settings as DuplexOptions);
    const { fd, abort, readable, pauseOnCreate } = settings;
    const ofPipe = fd !== undefined && isPipe(fd);
    const implementation = ofPipe ? new Pipe(this, settings) : new Connection(this, settings);
    this[kImplementation] = implementation;
    this.on('end', explainEnd);
    // Taken over last: if anything above throws, the descriptor stays its owner's.
    if (implementation instanceof Connection && settings === options && handle !== undefined) {
      implementation.take(handle);
    } else if (fd !== undefined) {
      implementation.adopt(fd);
    }
    if (implementation.open) {
      if (pauseOnCreate) this.pause();
      else if (readable !== false) this.read(0);
    }
    if (abort !== undefined) addAbortSignal(abort, this);
  }

  /** The descriptor's number, still owned by this socket, which closes it; -1 without one. */
  get fd(): number {
    return this[kImplementation]?.fd ?? -1;
  }

  /** @internal A program may use the name for a property of its own. */
  set fd(value: number) {
    defineOwn(this, 'fd', value);
  }

  /** Whether it is not connected: not yet, or no longer. */
  get pending(): boolean {
    return !this[kImplementation]?.open || this.connecting;
  }

  /** The state of the stream, as `node:net` has it. */
  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.connecting) return 'opening';
    if (this.readable) return this.writable ? 'open' : 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  // There is no connection behind the prototype: its own getters return undefined, as those of node:net do.

  /** Bytes received so far, since the socket was made. */
  get bytesRead(): number {
    return this[kImplementation]?.bytesRead;
  }

  /** Bytes written, those that still wait included. */
  get bytesWritten(): number {
    return this[kImplementation]?.bytesWritten;
  }

  /** Bytes in the stream's buffer; undefined without a connection. */
  get bufferSize(): number | undefined {
    return this[kImplementation]?.open ? this.writableLength : undefined;
  }

  /** Returns what the socket did so far, as `stats()` of `UnixSocket`; undefined before `connect()`. */
  stats(): SocketStats | undefined {
    return this[kImplementation].stats();
  }

  /** Returns an empty object, as node:net does for a local socket. */
  address(): Record<string, never> {
    return {};
  }

  /**
   * Connects to a pathname or an abstract name; `listener` is called on 'connect'. Waits while the
   * backlog is full. Throws ERR_MISSING_ARGS, ERR_INVALID_ARG_TYPE and ERR_INVALID_ARG_VALUE; a failure
   * of the kernel is an 'error', after which the socket is destroyed: ENOENT, ECONNREFUSED (nobody
   * listens), EPROTOTYPE (a socket of another type), EACCES. See connect(2), unix(7).
   */
  connect(options: ConnectOptions | AddressLike, ...rest: [listener?: () => void]): this {
    const { path } = connectOptionsOf(options, RECONNECT);
    const address = UnixAddress.from(path);
    const listener = listenerOf(rest);
    if (listener !== undefined) this.once('connect', listener);
    this[kImplementation].connect(address, path);
    return this;
  }

  /**
   * Writes `data`, at least one byte, and sends up to 253 descriptors with its first byte. Duplicates are
   * taken before it returns, so the caller may close its own at once. Returns what `write()` does. Throws
   * ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE (no byte) and ERR_OUT_OF_RANGE (too many descriptors)
   * before anything is written, EBADF for a descriptor that is not open. See SCM_RIGHTS in unix(7).
   */
  writeWithFds(
    data: Data,
    fds: readonly FdLike[],
    callback?: (error?: Error | null) => void,
  ): boolean {
    const bytes = bytesOf('data', data);
    const numbers = descriptorsOf(fds);
    if (numbers === undefined) return this.write(bytes, callback);
    if (bytes.byteLength === 0) {
      throw invalidArgValue('data', 'must hold a byte for the descriptors to ride on', data);
    }
    // A new view identifies the chunk: the descriptors are kept under it.
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.writable) this[kImplementation].attachDescriptors(chunk, numbers);
    return this.write(chunk, callback);
  }

  /**
   * Returns the peer's process, user and group when it connected or listened (SO_PEERCRED, unix(7); on macOS
   * LOCAL_PEERCRED); null without a connection.
   */
  peerCredentials(): Credentials | null {
    const { open, fd } = this[kImplementation];
    return open ? peerCredentials(fd) : null;
  }

  /**
   * Emits 'timeout' after `milliseconds` without reads or writes; 0: never. Closes nothing, and does not
   * keep the process alive. `callback` is called on the next 'timeout', and removed again with 0. Throws
   * ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE.
   */
  setTimeout(milliseconds: number, callback?: () => void): this {
    if (this.destroyed) return this;
    const duration = timeoutOf('msecs', milliseconds);
    this.timeout = milliseconds;
    this[kImplementation].setIdleTimeout(duration);
    if (callback === undefined) return this;
    if (typeof callback !== 'function')
      throw invalidArgType('callback', 'of type function', callback);
    return duration === 0
      ? this.removeListener('timeout', callback)
      : this.once('timeout', callback);
  }

  /** Does nothing: a local socket has no Nagle's algorithm. */
  setNoDelay(_enable?: boolean): this {
    return this;
  }

  /** Does nothing: the kernel knows when the peer of a local socket is gone. */
  setKeepAlive(_enable?: boolean, _initialDelay?: number): this {
    return this;
  }

  /** Has the socket keep the process alive while it is open and reads. This is the default. */
  ref(): this {
    this[kImplementation].setReference(true);
    return this;
  }

  /** Lets the process end although the socket is open. */
  unref(): this {
    this[kImplementation].setReference(false);
    return this;
  }

  /** Destroys the socket once everything is written. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', this.destroy);
  }

  /**
   * Throws ERR_INVALID_HANDLE_TYPE, as node:net does: only TCP has a reset. A socket that is not open is
   * destroyed with ERR_SOCKET_CLOSED.
   */
  resetAndDestroy(): this {
    if (this[kImplementation].open) {
      throw codedError(TypeError, 'ERR_INVALID_HANDLE_TYPE', 'This handle type cannot be sent');
    }
    return this.destroy(closedError());
  }

  override pause(): this {
    const connection = this[kImplementation];
    if (connection.readsIntoOwnMemory) connection.stopReading();
    return super.pause();
  }

  override resume(): this {
    const connection = this[kImplementation];
    if (connection.readsIntoOwnMemory) connection.startReading();
    return super.resume();
  }

  // biome-ignore lint/suspicious/noExplicitAny: as stream.Readable declares it
  override read(size?: number): any {
    const connection = this[kImplementation];
    if (connection.readsIntoOwnMemory) connection.startReading();
    return super.read(size);
  }

  /** @internal */
  override _read(): void {
    if (this.pending) this.once('connect', () => this._read());
    else this[kImplementation].startReading();
  }

  /** @internal */
  override _write(chunk: Uint8Array | string, encoding: BufferEncoding, done: WriteCallback): void {
    this[kImplementation].write(chunk, encoding, done);
  }

  /** @internal */
  override _writev(chunks: Chunk[], done: WriteCallback): void {
    this[kImplementation].writeMany(chunks, done);
  }

  /** @internal */
  override _final(done: WriteCallback): void {
    this[kImplementation].finish(done);
  }

  /** @internal */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this[kImplementation].close(error, done);
  }
}
