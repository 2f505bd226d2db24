// The connection behind a Socket of afunix/net: its handle, and all that goes through it.
import type { Duplex, DuplexOptions } from 'node:stream';
import type { AddressLike, UnixAddress } from '../core/address.js';
import { publishConnect } from '../core/diagnostics.js';
import { closedError, codedError, systemError } from '../core/errors.js';
import { bufferedChunks, undestroy } from '../core/node-internals.js';
import { type Queue, type SocketStats, statsOf } from '../core/stats.js';
import { kPublic } from '../core/symbols.js';
import { clearTimeout, nextTick, setImmediate, setTimeout } from '../core/timers.js';
import { adoptHandle, configureReceive, openHandle } from '../io/handle.js';
import type { Receiver } from '../io/received-messages.js';
import { type Handle, type HandleOwner, WRITABLE } from '../native/binding.js';
import { SOCK_STREAM } from '../native/constants.js';
import { ConnectAttempt } from './attempt.js';
import { forgetEnd } from './end.js';
import type { SocketSettings } from './options.js';
import { SocketInput } from './reader.js';
import { Shutdown } from './shutdown.js';
import { byteLength, type Chunk, encode, SocketWriter, type WriteCallback } from './writer.js';

/** The `Socket` that a connection belongs to. */
interface ConnectionSocket extends Duplex {
  connecting: boolean;
}

/** The server that accepted a connection, which counts it. */
export interface ConnectionCounter {
  connectionClosed(): void;
}

/**
 * Does the work of one `Socket`. It is the owner of the handle, so that the methods which the addon calls are no
 * methods of the public class.
 */
export class Connection implements HandleOwner, Receiver {
  /** The most descriptors that a message may bring. */
  readonly maxFds: number;
  readonly fdPlaceholders = false;
  readonly #socket: ConnectionSocket;
  readonly #settings: SocketSettings;
  readonly #input: SocketInput;
  readonly #output = new SocketWriter();
  /** Null before `connect()`, and once it is closed. */
  #handle: Handle | null = null;
  /** The last handle, open or closed. */
  #counted: Handle | undefined;
  /** The last call of `connect()`. */
  #attempt: ConnectAttempt | undefined;
  /** The end of what it sends, until 'finish'. */
  #shutdown: Shutdown | undefined;
  #counter: ConnectionCounter | null = null;
  #idleTimer: NodeJS.Timeout | undefined;
  #referenced = true;
  /** Bytes that wait for the connection. */
  #pendingLength = 0;

  /** Throws ERR_INVALID_ARG_VALUE for an `onread` without memory. */
  constructor(socket: ConnectionSocket, settings: SocketSettings) {
    this.#socket = socket;
    this.#settings = settings;
    this.maxFds = settings.maxFds;
    this.#input = new SocketInput(socket, this, settings.onread);
  }

  /** @internal The socket that diagnostics name. */
  get [kPublic](): object {
    return this.#socket;
  }

  /** Names the socket in warnings and traces. */
  describe(): string {
    return `afunix/net Socket ${this.#handle?.fd ?? -1}`;
  }

  /** Whether it has a handle: an open socket, connected or not. */
  get open(): boolean {
    return this.#handle !== null;
  }

  /** The number of the descriptor, or -1. */
  get fd(): number {
    return this.#handle?.showFd() ?? -1;
  }

  /** Whether received bytes go to the caller's own memory (`onread`). */
  get readsIntoOwnMemory(): boolean {
    return this.#input.own;
  }

  /** Bytes received so far. */
  get bytesRead(): number {
    return this.#input.bytes;
  }

  /** Bytes written so far, those that still wait included. */
  get bytesWritten(): number {
    return this.#output.bytes + this.#pendingLength + this.#buffered.bytes;
  }

  /** The chunks in the stream's buffer, and their bytes. */
  get #buffered(): Queue {
    const chunks = bufferedChunks(this.#socket);
    if (chunks !== undefined) {
      return {
        messages: chunks.length,
        bytes: chunks.reduce((sum, chunk) => sum + byteLength(chunk), 0),
      };
    }
    // `writableLength` includes all of the write under way: the part of it that was sent is counted twice.
    const underWay = this.#output.queue.bytes + this.#pendingLength;
    const bytes = Math.max(0, this.#socket.writableLength - underWay);
    return { messages: Math.min(1, bytes), bytes };
  }

  /** Returns what the socket did so far; undefined before it had a handle. */
  stats(): SocketStats | undefined {
    if (this.#counted === undefined) return undefined;
    const { messages, bytes } = this.#output.queue;
    const buffered = this.#buffered;
    return statsOf(this.#counted, {
      messages: messages + buffered.messages,
      bytes: bytes + buffered.bytes,
    });
  }

  /**
   * Takes over a handle: one from a listener as it is, for it inherits the listener's settings; that of a function,
   * whose owner gives it away, is configured anew. Closes a handle that cannot be configured.
   */
  take(handle: Handle | (() => Handle)): void {
    const { maxFds, credentials, busyPoll } = this.#settings;
    if (typeof handle === 'function') this.#configure(handle());
    else if (maxFds > 0 || credentials || busyPoll > 0) this.#configure(handle);
    else this.#attach(handle);
  }

  /** Adopts a descriptor. If that throws, the descriptor stays its owner's. */
  adopt(fd: NonNullable<SocketSettings['fd']>): void {
    this.#input.prepare();
    this.#attach(adoptHandle(fd, SOCK_STREAM, false, this.#settings));
  }

  #configure(handle: Handle): void {
    try {
      configureReceive(handle, this.#settings);
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

  /** Has `counter` count this connection until it is closed. */
  countBy(counter: ConnectionCounter): void {
    // A socket that could not be watched is closed already. It would be counted for ever.
    if (this.#socket.destroyed) setImmediate(() => counter.connectionClosed());
    else this.#counter = counter;
  }

  /** Connects. `path` is the address as the caller gave it, for events. */
  connect(address: UnixAddress, path: AddressLike): void {
    const socket = this.#socket;
    if (this.#settings.abort?.aborted) return;
    forgetEnd(socket);
    if (socket.destroyed) this.#handle = null;
    if (this.#handle === null) {
      this.#input.prepare();
      // As node:net: a destroyed socket may connect anew, and counts anew.
      this.#input.bytes = this.#output.bytes = 0;
      undestroy(socket, this.#settings as DuplexOptions);
      this.#configure(openHandle(SOCK_STREAM));
    }
    this.#touch();
    socket.connecting = true;
    socket.emit('connectionAttempt', path, undefined, undefined);
    // A listener may have destroyed the socket.
    if (this.#handle === null || !socket.connecting) return;
    if (this.#attempt !== undefined) {
      this.#attempt.cancel();
      this.#handle.stop(WRITABLE);
    }
    this.#attempt = new ConnectAttempt(this, this.#handle, address, path, this.#referenced);
    if (!this.#referenced) this.#handle.ref(); // as node:net, until it is connected
    this.#attempt.go();
  }

  /** Called when an attempt ends. `result`: 0, or -errno. */
  connected(attempt: ConnectAttempt, result: number): void {
    const socket = this.#socket;
    const { handle, address, path } = attempt;
    if (this.#attempt !== attempt || this.#handle !== handle || !socket.connecting) return;
    this.#attempt = undefined;
    socket.connecting = false;
    if (!this.#referenced) handle.unref();
    if (result < 0) {
      const error = systemError('connect', result, address);
      socket.emit('connectionAttemptFailed', path, undefined, undefined, error);
      socket.destroy(error);
      return;
    }
    this.#touch();
    publishConnect(socket, address);
    socket.emit('connect');
    socket.emit('ready');
    if (!socket.isPaused()) socket.read(0);
  }

  /** Begins to read, if there is a connection. */
  startReading(): void {
    if (this.#handle !== null && !this.#socket.connecting) this.#input.start(this.#handle);
  }

  stopReading(): void {
    this.#input.stop(this.#handle);
  }

  /** Called by the handle. `result`: of the receive that was asked for. */
  onReadable(result: number): void {
    this.#touch();
    this.#shutdown?.complete(); // before what the peer did meanwhile
    if (this.#handle !== null) this.#input.receive(this.#handle, result);
  }

  /** Sends duplicates of these descriptors with the first byte of `chunk`, when that is written. */
  attachDescriptors(chunk: Uint8Array, fds: readonly number[]): void {
    this.#output.attach(chunk, fds);
  }

  /** Writes one chunk, as `_write` of a Writable does. */
  write(chunk: Uint8Array | string, encoding: BufferEncoding, done: WriteCallback): void {
    const data = typeof chunk === 'string' ? encode(chunk, encoding) : chunk;
    if (this.#handle === null || this.#socket.connecting || this.#output.attached) {
      this.writeMany([{ chunk: data, encoding }], done);
      return;
    }
    this.#touch();
    this.#output.write(this.#handle, data, done);
  }

  /** Writes several chunks, as `_writev` of a Writable does. */
  writeMany(chunks: Chunk[], done: WriteCallback): void {
    if (this.#socket.connecting) {
      this.#writeOnceConnected(chunks, done);
    } else if (this.#handle === null) {
      done(closedError());
    } else {
      this.#touch();
      this.#output.writeMany(this.#handle, chunks, done);
    }
  }

  #writeOnceConnected(chunks: Chunk[], done: WriteCallback): void {
    const socket = this.#socket;
    this.#pendingLength = chunks.reduce((length, chunk) => length + byteLength(chunk), 0);
    const onClose = (): void => done(closedBeforeConnection());
    socket.once('connect', () => {
      socket.off('close', onClose);
      this.#pendingLength = 0;
      this.writeMany(chunks, done);
    });
    socket.once('close', onClose);
  }

  /** Called by the handle. */
  onWritable(): void {
    if (this.#handle === null) return;
    if (this.#attempt !== undefined) {
      this.connected(this.#attempt, 0);
      return;
    }
    this.#touch();
    this.#output.resume();
  }

  /** Shuts the socket for writing, once it is connected. */
  finish(done: WriteCallback): void {
    if (this.#handle === null || this.#socket.connecting) {
      this.#socket.once('connect', () => this.finish(done));
      return;
    }
    this.#shutdown = new Shutdown(this.#handle, done);
  }

  /** Closes the handle, fails the writes that wait and emits 'close', as `_destroy` of a stream does. */
  close(error: Error | null, done: (error: Error | null) => void): void {
    const socket = this.#socket;
    socket.connecting = false;
    clearTimeout(this.#idleTimer);
    this.#attempt?.cancel();
    const handle = this.#handle;
    this.#handle = null;
    this.#input.stop(null);
    handle?.close();
    done(error);
    this.#output.discard(error);
    if (handle === null) nextTick(emitClose, socket);
    else setImmediate(emitClose, socket, error !== null);
    this.#counter?.connectionClosed();
    this.#counter = null;
  }

  /** Emits 'timeout' after `milliseconds` without reads or writes; 0: never. */
  setIdleTimeout(milliseconds: number): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer =
      milliseconds === 0 ? undefined : setTimeout(emitTimeout, milliseconds, this.#socket).unref();
  }

  /** Starts the idle time anew. */
  #touch(): void {
    this.#idleTimer?.refresh();
  }

  /** Sets whether it keeps the process alive. */
  setReference(referenced: boolean): void {
    this.#referenced = referenced;
    if (referenced) this.#handle?.ref();
    else if (this.#attempt === undefined) this.#handle?.unref();
    this.#attempt?.setReference(referenced);
  }
}

// Shared by all sockets: a socket of its own closures would cost more memory.

function emitClose(socket: Duplex, ...hadError: boolean[]): void {
  socket.emit('close', ...hadError);
}

function emitTimeout(socket: Duplex): void {
  socket.emit('timeout');
}

function closedBeforeConnection(): Error {
  return codedError(
    Error,
    'ERR_SOCKET_CLOSED_BEFORE_CONNECTION',
    'Socket closed before the connection was established',
  );
}
