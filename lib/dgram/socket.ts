// The datagram socket with the events and methods of node:dgram.
import { EventEmitter } from 'node:events';
import { promisify } from 'node:util';
import { type AddressLike, UnixAddress } from '../core/address.js';
import { defineOwn, invalidArgValue } from '../core/errors.js';
import { Known } from '../core/known.js';
import type { SocketStats } from '../core/stats.js';
import { kImplementation, kQueued } from '../core/symbols.js';
import { markAsUncloneable } from '../core/uncloneable.js';
import { checkSignalType, membersOf } from '../core/validate.js';
import { DATAGRAM } from '../io/message-options.js';
import { bare } from '../native/bare.js';
import { DatagramAdapter } from './adapter.js';
import { bindArgument } from './arguments.js';
import { infoOf } from './remote.js';
import type {
  AddressInfo,
  DgramData,
  MessageListener,
  SendCallback,
  SocketBindOptions,
  SocketEvents,
  SocketOptions,
} from './types.js';

/** Options of node:dgram that are for UDP, and without effect here. */
interface UdpOptions {
  reuseAddr?: unknown;
  reusePort?: unknown;
  ipv6Only?: unknown;
  lookup?: unknown;
  receiveBlockList?: unknown;
  sendBlockList?: unknown;
}
const SOCKET = new Known<SocketOptions & UdpOptions>('createSocket', {
  ...DATAGRAM,
  type: 1,
  sendBufferSize: 1,
  recvBufferSize: 1,
  signal: 1,
  congestion: 1,
  reuseAddr: 1,
  reusePort: 1,
  ipv6Only: 1,
  lookup: 1,
  receiveBlockList: 1,
  sendBlockList: 1,
});

/**
 * A Unix datagram socket with the events and methods of `dgram.Socket`. Failures are reported at once, as
 * in unix-dgram: `bind`, and `connect` and `send` without a callback, emit `'error'` before they
 * return. An `'error'` that nobody listens for is thrown. Events of success, and callbacks, come in the next tick.
 */
export class Socket extends EventEmitter<SocketEvents> implements AsyncDisposable {
  /** The type that `createSocket` was called with. */
  readonly type = 'unix_dgram';
  /** @internal */
  readonly [kImplementation]: DatagramAdapter;

  /** Makes a socket, as `createSocket` does. */
  constructor(options: SocketOptions, listener?: MessageListener) {
    super();
    markAsUncloneable(this);
    const read = membersOf(options, SOCKET, 'options');
    const { signal, congestion = 'report', sendBufferSize, recvBufferSize } = read;
    checkSignalType(signal);
    if (congestion !== 'report' && congestion !== 'wait') {
      throw invalidArgValue('options.congestion', "must be 'report' or 'wait'", congestion);
    }
    this[kImplementation] = new DatagramAdapter(this, read);
    if (typeof listener === 'function') this.on('message', listener);
    if (sendBufferSize) this.setSendBufferSize(sendBufferSize);
    if (recvBufferSize) this.setRecvBufferSize(recvBufferSize);
    if (signal !== undefined) closeOn(this, signal);
  }

  /** The descriptor's number, still owned by this socket; -1 once closed. */
  get fd(): number {
    return this[kImplementation]?.endpoint.fd ?? -1;
  }

  /** @internal A program may use the name for a property of its own. */
  set fd(value: number) {
    defineOwn(this, 'fd', value);
  }

  /** Whether it has a peer. */
  get connected(): boolean {
    return this[kImplementation]?.connected ?? false;
  }

  /**
   * Binds to a path, an abstract name (leading NUL), or, without one, a name that the kernel chooses.
   * `'listening'` follows. Throws `ERR_SOCKET_ALREADY_BOUND`; other failures are `'error'` events.
   */
  bind(address?: AddressLike | SocketBindOptions | (() => void), callback?: () => void): this {
    const adapter = this[kImplementation];
    adapter.checkOpen();
    adapter.checkUnbound();
    const listener = typeof address === 'function' ? address : callback;
    adapter.bind(bindArgument(address), typeof listener === 'function' ? listener : undefined);
    return this;
  }

  /**
   * Sets the peer. May be called again. `'connect'` follows. A failure goes to the callback, or is an `'error'`
   * event. With `reconnect` an absent peer is not a failure.
   */
  connect(address: AddressLike, callback?: SendCallback): this {
    this[kImplementation].checkOpen();
    this[kImplementation].connect(address, callback);
    return this;
  }

  /** Forgets the peer. Throws `ERR_SOCKET_DGRAM_NOT_CONNECTED` without one. */
  disconnect(): void {
    const adapter = this[kImplementation];
    adapter.checkOpen();
    adapter.checkConnected();
    adapter.disconnect();
  }

  /**
   * Sends one message: a string (as UTF-8), a view, or an array of these pieces. `offset` and `length` select a
   * part of it. Without an address the message goes to the peer. The callback gets the number of bytes or the error.
   * Without a callback an error is an `'error'` event. A message that has to wait is copied.
   */
  send(message: DgramData, callback?: SendCallback): void;
  send(message: DgramData, address: AddressLike, callback?: SendCallback): void;
  send(message: DgramData, offset: number, length: number, callback?: SendCallback): void;
  send(
    message: DgramData,
    offset: number,
    length: number,
    address: AddressLike,
    callback?: SendCallback,
  ): void;
  send(message: DgramData, ...rest: readonly unknown[]): void {
    this[kImplementation].send(message, rest);
  }

  /** The same as `send`, for programs written for unix-dgram. */
  sendto(
    message: DgramData,
    offset: number,
    length: number,
    address: AddressLike,
    callback?: SendCallback,
  ): void {
    this.send(message, offset, length, address, callback);
  }

  /** Closes the socket. Messages that wait fail. `'close'` follows. */
  close(callback?: () => void): this {
    this[kImplementation].checkOpen();
    if (typeof callback === 'function') this.on('close', callback);
    this[kImplementation].close();
    return this;
  }

  /** Calls `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this[kImplementation].endpoint.closed)
      await promisify((done: () => void) => this.close(done))();
  }

  /** Returns the address that the socket is bound to. */
  address(): AddressInfo {
    const adapter = this[kImplementation];
    adapter.checkOpen();
    return infoOf(adapter.endpoint.localAddress ?? UnixAddress.unnamed);
  }

  /** Returns the peer's address. Throws `ERR_SOCKET_DGRAM_NOT_CONNECTED` without one. */
  remoteAddress(): AddressInfo {
    const adapter = this[kImplementation];
    adapter.checkOpen();
    adapter.checkConnected();
    return infoOf(adapter.endpoint.peerAddress ?? UnixAddress.unnamed);
  }

  /** Has the socket keep the process alive while it is bound or connected. This is the default. */
  ref(): this {
    this[kImplementation].endpoint.ref();
    return this;
  }

  /** Lets the process end although the socket is open. */
  unref(): this {
    this[kImplementation].endpoint.unref();
    return this;
  }

  /** Sets SO_SNDBUF, in bytes: the limit of what may be queued at the peer. */
  setSendBufferSize(bytes: number): void {
    this[kImplementation].endpoint.sendBufferSize = bytes;
  }

  /** Returns SO_SNDBUF: twice what was set, because Linux includes its own overhead. */
  getSendBufferSize(): number {
    return this[kImplementation].endpoint.sendBufferSize;
  }

  /** Sets SO_RCVBUF, in bytes. It has no effect on Unix sockets of Linux. */
  setRecvBufferSize(bytes: number): void {
    this[kImplementation].endpoint.receiveBufferSize = bytes;
  }

  /** Returns SO_RCVBUF, in bytes: on Linux twice what was set. */
  getRecvBufferSize(): number {
    return this[kImplementation].endpoint.receiveBufferSize;
  }

  /** Returns the bytes that wait to be sent. */
  getSendQueueSize(): number {
    return this[kImplementation].endpoint[kQueued].bytes;
  }

  /** Returns the number of messages that wait to be sent. */
  getSendQueueCount(): number {
    return this[kImplementation].endpoint[kQueued].messages;
  }

  /** Returns what the socket did so far, as `stats()` of `UnixSocket`. */
  stats(): SocketStats {
    return this[kImplementation].endpoint.stats();
  }
}

function closeOn(socket: Socket, signal: AbortSignal): void {
  const abort = (): void => {
    if (!socket[kImplementation].endpoint.closed) socket.close();
  };
  if (signal.aborted) {
    abort();
    return;
  }
  signal.addEventListener('abort', abort, bare({ once: true }));
  socket.once('close', () => signal.removeEventListener('abort', abort));
}
