// The Duplex of a local socket, shaped like node:net's Socket on a pipe. What differs, and why, is
// in docs/streams.md.
import { addAbortSignal, Duplex, type DuplexOptions } from 'node:stream';
import { type AddressLike, UnixAddress } from '../core/address.js';
import type { Credentials } from '../core/credentials.js';
import { tellConnect } from '../core/diagnostics.js';
import { closedError, codedError, invalidArgValue, systemError } from '../core/errors.js';
import { descriptorsOf, type Sendable } from '../core/fd-like.js';
import { type SocketStats, statsOf } from '../core/stats.js';
import { timeoutOf } from '../core/timeout.js';
import { clearTimeout, nextTick, setImmediate, setTimeout } from '../core/timers.js';
import { bytesOf, type Data } from '../core/validate.js';
import { adoptHandle, configureReceive, openHandle } from '../io/handle.js';
import { SOCK_STREAM } from '../io/options.js';
import { peerCredentials } from '../io/peer.js';
import { type Handle, native } from '../native/binding.js';
import { ConnectAttempt } from './attempt.js';
import { explainEnd, forgetEnd } from './end.js';
import {
  type ConnectOptions,
  connectOptionsOf,
  RECONNECT,
  type SocketOptions,
  SocketSettings,
} from './options.js';
import { SocketInput } from './reader.js';
import { byteLength, type Chunk, SocketWriter, type WriteCallback } from './writer.js';

/** @internal Who counts the socket: its server. */
export interface SocketKeeper {
  socketClosed(): void;
}

const ENOTCONN = -(native.errnos.ENOTCONN as number);
const SHUT_WR = native.constants.SHUT_WR as number;

/**
 * A connection as a stream: members, events and errors of `net.Socket` on a Unix domain socket. Beyond
 * it: `writeWithFds()`, `peerCredentials()` and the events
 * - `'fds'` (`FileDescriptor[]`): before the `'data'` that brought them. They are the listener's to
 *   close; without a listener they are closed at once. Needs `maxFds`.
 * - `'credentials'` (`Credentials`): before the first `'data'`, and before any whose sender differs
 *   from the one before. Needs `credentials: true`.
 *
 * As in Node, one that nobody holds any more stays open while it reads.
 */
export class Socket extends Duplex {
  /** Whether `connect()` was called and has not finished. */
  connecting = false;
  /** The idle timeout in milliseconds, if `setTimeout()` was called. */
  timeout: number | undefined;
  /** The server that accepted it, which need not be of this package (`http.Server` sets it too). */
  server: unknown = null;
  #keeper: SocketKeeper | null = null;
  #handle: Handle | null = null;
  /** Also once it is closed. */
  #counted: Handle | undefined;
  readonly #input: SocketInput;
  #referenced = true;
  #timer: NodeJS.Timeout | undefined;
  /** The last call of `connect()`. */
  #attempt: ConnectAttempt | undefined;
  readonly #output = new SocketWriter();
  /** What waits for the connection, for `bytesWritten`. */
  #pendingLength = 0;
  /** @internal The most descriptors a message may bring. */
  readonly maxFds: number;
  #credentials: boolean;
  #busyPoll: number;
  #signal: AbortSignal | undefined;

  /**
   * A socket that is not connected, or one that takes `options.fd` over. As in node:net, a number is
   * `{ fd: number }`, never a port.
   */
  constructor(options?: SocketOptions | number);
  /** @internal Takes the handle over; a function's, which gives its own away, is configured anew. */
  constructor(settings: SocketSettings, handle: Handle | (() => Handle));
  constructor(options?: SocketOptions | SocketSettings | number, handle?: Handle | (() => Handle)) {
    const settings = options instanceof SocketSettings ? options : new SocketSettings(options);
    super(settings as DuplexOptions);
    const { maxFds, credentials, busyPoll, onread, fd, abort, readable, pauseOnCreate } = settings;
    this.maxFds = maxFds;
    this.#credentials = credentials;
    this.#busyPoll = busyPoll;
    this.#input = new SocketInput(this, onread);
    this.on('end', explainEnd);
    // Last: what throws before leaves the descriptor to its owner.
    if (typeof handle === 'function') this.#configure(handle());
    else if (handle !== undefined) this.#inherit(handle);
    else if (fd !== undefined) this.#attach(adoptHandle(fd, SOCK_STREAM, false, settings));
    if (this.#handle !== null) {
      if (pauseOnCreate) this.pause();
      else if (readable !== false) this.read(0);
    }
    if (abort !== undefined) {
      this.#signal = abort;
      addAbortSignal(abort, this);
    }
  }

  /** The descriptor's number, still owned by this socket, which closes it; -1 without one. */
  get fd(): number {
    return this.#handle?.fd ?? -1;
  }

  /** Whether there is no connection: not yet, or not any more. */
  get pending(): boolean {
    return this.#handle === null || this.connecting;
  }

  /** What the stream can do now, as `node:net` has it. */
  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.connecting) return 'opening';
    if (this.readable) return this.writable ? 'open' : 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  /** Bytes received so far, since the socket was made. */
  get bytesRead(): number {
    return this.#input.bytes;
  }

  /** Bytes written, those that still wait included. */
  get bytesWritten(): number {
    let bytes = this.#output.bytes + this.#pendingLength;
    for (const chunk of this.#buffered) bytes += byteLength(chunk);
    return bytes;
  }

  /** The chunks that wait for their turn. */
  get #buffered(): readonly Chunk[] {
    return (this as unknown as { writableBuffer?: Chunk[] }).writableBuffer ?? [];
  }

  /** Bytes in the stream's buffer; undefined without a connection. */
  get bufferSize(): number | undefined {
    return this.#handle === null ? undefined : this.writableLength;
  }

  /** What it did so far, as `stats()` of `UnixSocket`; undefined before it had a connection. */
  stats(): SocketStats | undefined {
    if (this.#counted === undefined) return undefined;
    let { messages, bytes } = this.#output.queue;
    for (const chunk of this.#buffered) {
      messages += 1;
      bytes += byteLength(chunk);
    }
    return statsOf(this.#counted, { messages, bytes });
  }

  /** Empty, as node:net has it for a local socket. */
  address(): Record<string, never> {
    return {};
  }

  /**
   * Connects to a pathname or an abstract name; `listener` is called on 'connect'. Waits while the
   * backlog is full. Throws ERR_MISSING_ARGS, ERR_INVALID_ARG_TYPE and ERR_INVALID_ARG_VALUE; what the
   * kernel says is an 'error', after which the socket is destroyed: ENOENT, ECONNREFUSED (nobody
   * listens), EPROTOTYPE (a socket of another type), EACCES. See connect(2), unix(7).
   */
  connect(options: ConnectOptions | AddressLike, listener?: () => void): this {
    const { path } = connectOptionsOf(options, RECONNECT);
    const address = UnixAddress.from(path);
    if (typeof listener === 'function') this.once('connect', listener);
    if (this.#signal?.aborted) return this;
    forgetEnd(this);
    if (this.destroyed) this.#handle = null;
    if (this.#handle === null) {
      // As node:net: a destroyed socket may connect anew.
      (this as unknown as { _undestroy(): void })._undestroy();
      this.#configure(openHandle(SOCK_STREAM));
    }
    this.#touch();
    this.connecting = true;
    this.emit('connectionAttempt', path, undefined, undefined);
    // Whoever heard of it may have destroyed the socket.
    if (this.#handle === null || !this.connecting) return this;
    this.#attempt?.cancel();
    this.#attempt = new ConnectAttempt(this, this.#handle, address, path, this.#referenced);
    this.#attempt.go();
    return this;
  }

  /** @internal */
  connected(attempt: ConnectAttempt, result: number): void {
    const { handle, address, path } = attempt;
    if (this.#handle !== handle || !this.connecting) return;
    this.#attempt = undefined;
    this.connecting = false;
    if (result < 0) {
      const error = systemError('connect', result, address);
      this.emit('connectionAttemptFailed', path, undefined, undefined, error);
      this.destroy(error);
      return;
    }
    this.#touch();
    tellConnect(this, address);
    this.emit('connect');
    this.emit('ready');
    if (!this.isPaused()) this.read(0);
  }

  /**
   * Writes `data`, a byte at least, with descriptors, 253 at most, riding on its first byte. Duplicates
   * are taken now, so the caller may close its own at once. Returns what `write()` does. Throws
   * ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE (no byte) and ERR_OUT_OF_RANGE (too many descriptors)
   * before anything is written, EBADF for a descriptor that is not open. See SCM_RIGHTS in unix(7).
   */
  writeWithFds(
    data: Data,
    fds: readonly Sendable[],
    callback?: (error?: Error | null) => void,
  ): boolean {
    const bytes = bytesOf('data', data);
    const numbers = descriptorsOf(fds);
    if (numbers === undefined) return this.write(bytes, callback);
    if (bytes.byteLength === 0) {
      throw invalidArgValue('data', 'must hold a byte for the descriptors to ride on', data);
    }
    // A view of its own: the chunk by which the descriptors are found again.
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.writable) this.#output.attach(chunk, numbers);
    return this.write(chunk, callback);
  }

  /**
   * The peer's process, user and group when it connected or listened (SO_PEERCRED, unix(7); on macOS
   * LOCAL_PEERCRED); null without a connection.
   */
  peerCredentials(): Credentials | null {
    return this.#handle === null ? null : peerCredentials(this.#handle.fd);
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
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (duration === 0) {
      if (callback !== undefined) this.removeListener('timeout', callback);
      return this;
    }
    this.#timer = setTimeout(emitTimeout, duration, this).unref();
    if (callback !== undefined) this.once('timeout', callback);
    return this;
  }

  /** Without effect, as for any local socket: there is no Nagle's algorithm. */
  setNoDelay(_enable?: boolean): this {
    return this;
  }

  /** Without effect, as for any local socket: the kernel knows when the peer is gone. */
  setKeepAlive(_enable?: boolean, _initialDelay?: number): this {
    return this;
  }

  /** While it is open and reads, the socket keeps the process alive. This is the default. */
  ref(): this {
    this.#referenced = true;
    this.#handle?.ref();
    this.#attempt?.setReference(true);
    return this;
  }

  /** The socket no longer keeps the process alive. */
  unref(): this {
    this.#referenced = false;
    this.#handle?.unref();
    this.#attempt?.setReference(false);
    return this;
  }

  /** Destroys it once everything is written. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', this.destroy);
  }

  /** Refused, as node:net does: only TCP has a reset. Throws ERR_INVALID_HANDLE_TYPE. */
  resetAndDestroy(): this {
    if (this.#handle !== null) {
      throw codedError(TypeError, 'ERR_INVALID_HANDLE_TYPE', 'This handle type cannot be sent');
    }
    return this.destroy(closedError());
  }

  override pause(): this {
    if (this.#input.own) this.#input.stop(this.#handle);
    return super.pause();
  }

  override resume(): this {
    if (this.#input.own) this.#startReading();
    return super.resume();
  }

  override read(size?: number): unknown {
    if (this.#input.own) this.#startReading();
    return super.read(size);
  }

  /** @internal */
  override _read(): void {
    if (this.pending) this.once('connect', () => this._read());
    else this.#startReading();
  }

  /** @internal */
  override _write(chunk: Uint8Array | string, encoding: BufferEncoding, done: WriteCallback): void {
    const data = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
    if (this.#handle === null || this.connecting || this.#output.attached) {
      this._writev([{ chunk: data, encoding }], done);
      return;
    }
    this.#touch();
    this.#output.write(this.#handle, data, done);
  }

  /** @internal */
  override _writev(chunks: Chunk[], done: WriteCallback): void {
    if (this.connecting) {
      this.#writeOnceConnected(chunks, done);
    } else if (this.#handle === null) {
      done(closedError());
    } else {
      this.#touch();
      this.#output.writeMany(this.#handle, chunks, done);
    }
  }

  #writeOnceConnected(chunks: Chunk[], done: WriteCallback): void {
    this.#pendingLength = chunks.reduce((length, chunk) => length + byteLength(chunk), 0);
    const onClose = (): void =>
      done(
        codedError(
          Error,
          'ERR_SOCKET_CLOSED_BEFORE_CONNECTION',
          'Socket closed before the connection was established',
        ),
      );
    this.once('connect', () => {
      this.off('close', onClose);
      this.#pendingLength = 0;
      this._writev(chunks, done);
    });
    this.once('close', onClose);
  }

  /** @internal */
  onWritable(): void {
    if (this.#handle === null) return;
    this.#touch();
    this.#output.resume();
  }

  /** @internal */
  override _final(done: WriteCallback): void {
    if (this.pending) {
      this.once('connect', () => this._final(done));
      return;
    }
    const result = (this.#handle as Handle).shutdown(SHUT_WR);
    const error = result === 0 || result === ENOTCONN ? null : systemError('shutdown', result);
    // As node:net: 'finish' is not in the turn of `end()`.
    setImmediate(done, error);
  }

  /** @internal */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.connecting = false;
    clearTimeout(this.#timer);
    this.#attempt?.cancel();
    const handle = this.#handle;
    this.#handle = null;
    this.#input.stop(null);
    handle?.close();
    done(error);
    this.#output.discard(error);
    if (handle === null) nextTick(emitClose, this);
    else setImmediate(emitClose, this, error !== null);
    this.#keeper?.socketClosed();
    this.#keeper = null;
  }

  /** @internal */
  onReadable(result: number): void {
    this.#touch();
    if (this.#handle !== null) this.#input.receive(this.#handle, result);
  }

  #startReading(): void {
    if (this.#handle !== null && !this.connecting) this.#input.start(this.#handle);
  }

  /** Attaches an accepted handle: what that refuses, it has from its listener. */
  #inherit(handle: Handle): void {
    if (this.maxFds > 0 || this.#credentials || this.#busyPoll > 0) this.#configure(handle);
    else this.#attach(handle);
  }

  /** Configures and attaches a handle. Closes it if it cannot be configured. */
  #configure(handle: Handle): void {
    try {
      configureReceive(handle, {
        maxFds: this.maxFds,
        credentials: this.#credentials,
        pidfds: false,
        busyPoll: this.#busyPoll,
      });
    } catch (error) {
      handle.close();
      throw error;
    }
    this.#attach(handle);
  }

  #attach(handle: Handle): void {
    this.#handle = this.#counted = handle;
    handle.owner = this;
    if (!this.#referenced) handle.unref();
  }

  /** Something came or went: not idle. */
  #touch(): void {
    this.#timer?.refresh();
  }

  /** @internal What it is, for warnings. */
  describe(): string {
    return `afunix/net Socket ${this.fd}`;
  }

  /** @internal Counts it as a connection of `keeper`. */
  keep(keeper: SocketKeeper): void {
    this.server = keeper;
    // One that could not even be watched is gone by now: it is not to be counted for ever.
    if (this.destroyed) setImmediate(() => keeper.socketClosed());
    else this.#keeper = keeper;
  }
}

// Shared by all sockets: a socket of its own closures would cost more memory.

function emitClose(socket: Socket, ...hadError: boolean[]): void {
  socket.emit('close', ...hadError);
}

function emitTimeout(socket: Socket): void {
  socket.emit('timeout');
}
