import { EventEmitter } from 'node:events';
import { promisify } from 'node:util';
import { type AddressLike, isAddressLike, UnixAddress } from '../core/address.js';
import { codedError, invalidArgValue, systemError } from '../core/errors.js';
import { Known } from '../core/known.js';
import type { SocketStats } from '../core/stats.js';
import { nextTick, setImmediate } from '../core/timers.js';
import { markAsUncloneable } from '../core/uncloneable.js';
import { checkSignalType, memberOf, membersOf, optionsOf, type Parsed } from '../core/validate.js';
import type { Datagram } from '../io/message.js';
import { type ConnectionChange, DATAGRAM } from '../io/message-options.js';
import { type BindOptions, bindPlan, FILE } from '../io/options.js';
import { Fifo } from '../io/queue.js';
import { bare } from '../native/bare.js';
import { native } from '../native/binding.js';
import { type DgramData, type SendCallback, sendArguments } from './arguments.js';
import { DgramEndpoint } from './endpoint.js';
import type {
  AddressInfo,
  MessageListener,
  RemoteInfo,
  SocketBindOptions,
  SocketEvents,
  SocketOptions,
} from './types.js';

/** Of node:dgram: they mean nothing here. */
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
const BIND = new Known<SocketBindOptions>('bind', { ...FILE, path: 1, exclusive: 1 });

const EAGAIN = -(native.errnos.EAGAIN as number);

/**
 * A Unix datagram socket with the events and methods of `dgram.Socket`. What fails fails at once, as
 * in unix-dgram: `bind`, and `connect` and `send` without a callback, emit `'error'` before they
 * return, which throws if nobody listens. Events of success, and callbacks, come on the next tick.
 */
export class Socket extends EventEmitter<SocketEvents> implements AsyncDisposable {
  /** As given to `createSocket`. */
  readonly type = 'unix_dgram';
  readonly #endpoint: DgramEndpoint;
  readonly #reports: boolean;
  readonly #inbox = new Fifo<Datagram>();
  #bound = false;
  #connected = false;
  #congested = false;

  /** As `createSocket`. */
  constructor(options: SocketOptions, listener?: MessageListener) {
    super();
    markAsUncloneable(this);
    const given = membersOf(options, SOCKET, 'options');
    const { signal, congestion = 'report', onConnectionChange } = given;
    checkSignalType(signal);
    if (congestion !== 'report' && congestion !== 'wait') {
      throw invalidArgValue('options.congestion', "must be 'report' or 'wait'", congestion);
    }
    this.#reports = congestion === 'report' && given.reconnect !== true;
    const told = (change: ConnectionChange): void => {
      onConnectionChange?.(change);
      if (change.error === null) this.emit('connect');
      else this.emit('disconnect', change.error);
    };
    this.#endpoint = DgramEndpoint.make(Object.assign(given, { onConnectionChange: told }), {
      socket: this,
      onWritable: () => this.#onWritable(),
      onError: (error) => this.listenerCount('error') > 0 && this.emit('error', error),
    });
    if (typeof listener === 'function') this.on('message', listener);
    if (given.sendBufferSize) this.setSendBufferSize(given.sendBufferSize);
    if (given.recvBufferSize) this.setRecvBufferSize(given.recvBufferSize);
    if (signal !== undefined) this.#closeOn(signal);
  }

  /** The descriptor's number, still owned by this socket; -1 once closed. */
  get fd(): number {
    return this.#endpoint.fd;
  }

  /** Whether it has a peer. */
  get connected(): boolean {
    return this.#connected;
  }

  /**
   * Binds to a path, an abstract name (leading NUL), or, without one, a name that the kernel chooses.
   * Then `'listening'`. Throws `ERR_SOCKET_ALREADY_BOUND`; other failures are `'error'` events.
   */
  bind(address?: AddressLike | SocketBindOptions | (() => void), callback?: () => void): this {
    this.#live();
    if (this.#bound) throw codedError(Error, 'ERR_SOCKET_ALREADY_BOUND', 'Socket is already bound');
    const listener = typeof address === 'function' ? address : callback;
    const plan = bindPlan(...bindArguments(address));
    if (typeof listener === 'function') this.once('listening', listener);
    const failed = (error: unknown): void => {
      this.#bound = false;
      if (typeof listener === 'function') this.removeListener('listening', listener);
      this.#fail(error as Error, undefined);
    };
    this.#bound = true;
    try {
      const locked = this.#endpoint.bindNow(plan);
      if (locked === undefined) this.#listening();
      else
        locked.then(
          () => this.#listening(),
          (error) => nextTick(failed, error),
        );
    } catch (error) {
      failed(error);
    }
    return this;
  }

  /**
   * Sets the peer; may be called again. Then `'connect'`. A failure is the callback's, or an `'error'`
   * event: with `reconnect`, an absent peer is none.
   */
  connect(address: AddressLike, callback?: SendCallback): this {
    this.#live();
    try {
      this.#endpoint.connect(address);
    } catch (error) {
      this.#fail(error as Error, callback);
      return this;
    }
    this.#connected = true;
    this.#receive();
    nextTick(() => {
      if (this.#endpoint.closed) return;
      callback?.(null);
      this.emit('connect');
    });
    return this;
  }

  /** Forgets the peer. Throws `ERR_SOCKET_DGRAM_NOT_CONNECTED` without one. */
  disconnect(): void {
    this.#live();
    this.#checkConnected();
    this.#endpoint.disconnect();
    this.#connected = false;
  }

  /**
   * Sends one message: a string (as UTF-8), a view, or an array of them, its pieces; of a view a part,
   * with `offset` and `length`. Without an address it goes to the peer. The callback gets the bytes
   * sent or the error; without one an error is an `'error'` event. What waits is a copy.
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
    const { bytes, to, callback } = sendArguments(message, rest);
    if (this.#endpoint.closed) {
      if (callback === undefined) throw notRunning();
      nextTick(callback, notRunning());
      return;
    }
    const options = to === undefined ? undefined : { to };
    let sent = false;
    try {
      sent = this.#endpoint.trySend(bytes, options);
    } catch (error) {
      this.#fail(error as Error, callback);
      return;
    }
    if (sent) {
      if (callback !== undefined) nextTick(callback, null, bytes.byteLength);
    } else if (to === undefined && this.#reportsTo(callback)) {
      this.#report(message, callback);
    } else {
      this.#endpoint.send(bytes, options).then(
        () => callback !== undefined && nextTick(callback, null, bytes.byteLength),
        (error) => nextTick(() => this.#fail(error, callback)),
      );
    }
  }

  /** As `send`, for what was written for unix-dgram. */
  sendto(
    message: DgramData,
    offset: number,
    length: number,
    address: AddressLike,
    callback?: SendCallback,
  ): void {
    this.send(message, offset, length, address, callback);
  }

  /** Closes the socket; messages that wait fail. Then `'close'`. */
  close(callback?: () => void): this {
    this.#live();
    if (typeof callback === 'function') this.on('close', callback);
    this.#inbox.drain().forEach(discard);
    void this.#endpoint.close();
    // hot-shots emits 'close' itself, right after close(), since unix-dgram does not: once is enough.
    let told = false;
    this.prependOnceListener('close', () => {
      told = true;
    });
    nextTick(() => told || this.emit('close'));
    return this;
  }

  /** `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#endpoint.closed) await promisify((done: () => void) => this.close(done))();
  }

  /** The address it is bound to. */
  address(): AddressInfo {
    this.#live();
    return infoOf(this.#endpoint.localAddress ?? UnixAddress.unnamed);
  }

  /** The peer's address. Throws `ERR_SOCKET_DGRAM_NOT_CONNECTED` without one. */
  remoteAddress(): AddressInfo {
    this.#live();
    this.#checkConnected();
    return infoOf(this.#endpoint.peerAddress ?? UnixAddress.unnamed);
  }

  /** A bound or connected socket keeps the process alive. This is the default. */
  ref(): this {
    this.#endpoint.ref();
    return this;
  }

  /** The socket no longer keeps the process alive. */
  unref(): this {
    this.#endpoint.unref();
    return this;
  }

  /** Sets SO_SNDBUF, in bytes: the bound of what is queued at the peer. */
  setSendBufferSize(bytes: number): void {
    this.#endpoint.sendBufferSize = bytes;
  }

  /** SO_SNDBUF: twice what was set, for Linux counts its own overhead in. */
  getSendBufferSize(): number {
    return this.#endpoint.sendBufferSize;
  }

  /** Sets SO_RCVBUF, in bytes; Linux has it for Unix sockets without effect. */
  setRecvBufferSize(bytes: number): void {
    this.#endpoint.receiveBufferSize = bytes;
  }

  /** SO_RCVBUF, in bytes: twice what was set on Linux. */
  getRecvBufferSize(): number {
    return this.#endpoint.receiveBufferSize;
  }

  /** Bytes that wait to be sent. */
  getSendQueueSize(): number {
    return this.#endpoint.queued.bytes;
  }

  /** Messages that wait to be sent. */
  getSendQueueCount(): number {
    return this.#endpoint.queued.messages;
  }

  /** What it did so far, as `stats()` of `UnixSocket`. */
  stats(): SocketStats {
    return this.#endpoint.stats();
  }

  /** @internal What it is, for traces. */
  describe(): string {
    return `afunix/dgram Socket ${this.fd}`;
  }

  #live(): void {
    if (this.#endpoint.closed) throw notRunning();
  }

  #checkConnected(): void {
    if (this.#connected) return;
    throw codedError(Error, 'ERR_SOCKET_DGRAM_NOT_CONNECTED', 'Not connected');
  }

  #closeOn(signal: AbortSignal): void {
    const abort = (): void => {
      if (!this.#endpoint.closed) this.close();
    };
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, bare({ once: true }));
    this.once('close', () => signal.removeEventListener('abort', abort));
  }

  #listening(): void {
    this.#receive();
    nextTick(() => {
      if (!this.#endpoint.closed) this.emit('listening');
    });
  }

  #receive(): void {
    this.#endpoint.onMessages((messages) => {
      for (const message of messages) this.#inbox.push(message);
      this.#deliver();
    });
  }

  /** A listener that throws costs nobody the messages behind. */
  #deliver(): void {
    try {
      for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) {
        if (!this.emit('message', next.data, remoteOf(next))) discard(next);
      }
    } finally {
      if (this.#inbox.size > 0) setImmediate(() => this.#deliver());
    }
  }

  /** Whether congestion is told to somebody, who then sends again. */
  #reportsTo(callback: SendCallback | undefined): boolean {
    return this.#reports && (callback !== undefined || this.listenerCount('congestion') > 0);
  }

  #report(message: DgramData, callback: SendCallback | undefined): void {
    this.#congested = true;
    this.#endpoint.awaitWritable();
    if (callback === undefined) {
      this.emit('congestion', message);
      return;
    }
    const error = systemError('send', EAGAIN);
    error.message = 'congestion';
    nextTick(callback, error);
  }

  #onWritable(): void {
    if (!this.#congested || this.#endpoint.queued.messages > 0) return;
    this.#congested = false;
    this.emit('writable');
  }

  #fail(error: Error, callback: SendCallback | undefined): void {
    if (callback !== undefined) nextTick(callback, error);
    else if (!this.#endpoint.closed) this.emit('error', error);
  }
}

/** What node:dgram takes here, and why a Unix socket does not. */
const notForBind = new Map([
  ['fd', 'is not taken over by bind(); UnixDatagram.fromFd() takes it'],
  ['port', 'is for UDP; a Unix socket is bound to options.path'],
  ['address', 'is for UDP; a Unix socket is bound to options.path'],
]);

function bindArguments(given: unknown): [AddressLike, Parsed<BindOptions>] {
  const named = typeof given === 'object' && given !== null && !isAddressLike(given);
  if (named) {
    for (const [name, reason] of notForBind) {
      const value = memberOf(given, name);
      if (value !== undefined) throw invalidArgValue(`options.${name}`, reason, value);
    }
  }
  const options = optionsOf(named ? (given as SocketBindOptions) : undefined, BIND);
  const { path = UnixAddress.unnamed } = options;
  const positional = !named && given !== undefined && given !== null && typeof given !== 'function';
  return [positional ? (given as AddressLike) : path, options as Parsed<BindOptions>];
}

function infoOf(address: UnixAddress): AddressInfo {
  const bytes = UnixAddress.bytesOf(address);
  return { address: Buffer.from(bytes).toString(), family: 'unix', path: address.path };
}

function remoteOf({ from, size, truncated, fds, credentials }: Datagram): RemoteInfo {
  return { ...infoOf(from), size, truncated, from, fds, credentials };
}

function discard({ fds, pidfd }: Datagram): void {
  for (const fd of fds) fd.close();
  pidfd?.close();
}

function notRunning(): Error {
  return codedError(Error, 'ERR_SOCKET_DGRAM_NOT_RUNNING', 'Not running');
}
