// The server of a local socket, shaped like node:net's Server on a pipe.
import { addAbortListener, captureRejectionSymbol, EventEmitter } from 'node:events';
import { getDefaultHighWaterMark } from 'node:stream';
import { promisify } from 'node:util';
import type { AddressLike } from '../core/address.js';
import { codedError, defineOwn, invalidArgType } from '../core/errors.js';
import { kImplementation } from '../core/symbols.js';
import { nextTick } from '../core/timers.js';
import { markAsUncloneable } from '../core/uncloneable.js';
import { checkSignalType, optionsOf, type Parsed } from '../core/validate.js';
import { type AuthorizeOptions, acceptSettings } from '../io/options.js';
import type { AnyListener, ServerEvents } from './events.js';
import { givenBacklog, listenPlan } from './listen-plan.js';
import { ListeningSocket } from './listening-socket.js';
import {
  type ListenOptions,
  listenerOf,
  listenOptionsOf,
  SERVER,
  type ServerOptions,
  SocketSettings,
} from './options.js';
import type { Socket } from './socket.js';

/** The listeners of its events. */
export interface Server {
  /** As `on()`. */
  addListener<E extends keyof ServerEvents<Socket>>(
    event: E,
    listener: (...values: ServerEvents<Socket>[E]) => void,
  ): this;
  /** The same for an event of any name. */
  addListener(event: string | symbol, listener: AnyListener): this;
  /** Adds a listener of an event, as `EventEmitter.on()`. `ServerEvents` has the events. */
  on<E extends keyof ServerEvents<Socket>>(
    event: E,
    listener: (...values: ServerEvents<Socket>[E]) => void,
  ): this;
  /** The same for an event of any name. */
  on(event: string | symbol, listener: AnyListener): this;
  /** Adds a listener of the next such event. */
  once<E extends keyof ServerEvents<Socket>>(
    event: E,
    listener: (...values: ServerEvents<Socket>[E]) => void,
  ): this;
  /** The same for an event of any name. */
  once(event: string | symbol, listener: AnyListener): this;
  /** As `on()`, before the listeners that are there. */
  prependListener<E extends keyof ServerEvents<Socket>>(
    event: E,
    listener: (...values: ServerEvents<Socket>[E]) => void,
  ): this;
  /** The same for an event of any name. */
  prependListener(event: string | symbol, listener: AnyListener): this;
  /** As `once()`, before the listeners that are there. */
  prependOnceListener<E extends keyof ServerEvents<Socket>>(
    event: E,
    listener: (...values: ServerEvents<Socket>[E]) => void,
  ): this;
  /** The same for an event of any name. */
  prependOnceListener(event: string | symbol, listener: AnyListener): this;
}

/**
 * Accepts connections: members, events and errors of `net.Server` on a Unix domain socket. It emits
 * 'listening', 'connection' (`Socket`), 'drop', 'error' and 'close'.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the interface declares methods that Server inherits
export class Server extends EventEmitter {
  /** Whether connections stay writable when their peer has ended. */
  readonly allowHalfOpen: boolean;
  /** Whether connections are handed over paused. */
  readonly pauseOnConnect: boolean;
  /** Bytes that each of a connection's two buffers holds before it asks to wait. */
  readonly highWaterMark: number;
  /**
   * The number of open connections, those that wait for `authorize` included, over which a new one is
   * closed at once and 'drop' emitted. Undefined or 0: no limit.
   */
  maxConnections: number | undefined;
  /** @internal */
  readonly [kImplementation]: ListeningSocket;

  /**
   * Makes a server that does not listen yet; `listener` is called for every 'connection'. Throws
   * ERR_INVALID_ARG_TYPE and ERR_OUT_OF_RANGE for wrong options.
   */
  constructor(
    options?: ServerOptions | ((socket: Socket) => void) | null,
    listener?: (socket: Socket) => void,
  ) {
    super();
    markAsUncloneable(this);
    const read = optionsOf((typeof options === 'function' ? null : options) ?? undefined, SERVER);
    const onConnection = typeof options === 'function' ? options : listener;
    if (typeof onConnection === 'function') this.on('connection', onConnection);
    const { receive, authorize } = acceptSettings(read as Parsed<AuthorizeOptions>);
    if (read.highWaterMark !== undefined && typeof read.highWaterMark !== 'number') {
      throw invalidArgType('options.highWaterMark', 'of type number', read.highWaterMark);
    }
    this.allowHalfOpen = read.allowHalfOpen ?? false;
    this.pauseOnConnect = Boolean(read.pauseOnConnect);
    this.highWaterMark =
      read.highWaterMark !== undefined && read.highWaterMark >= 0
        ? read.highWaterMark
        : getDefaultHighWaterMark(false);
    const settings = new SocketSettings({
      allowHalfOpen: this.allowHalfOpen,
      pauseOnCreate: this.pauseOnConnect,
      highWaterMark: this.highWaterMark,
      maxFds: receive.maxFds,
      credentials: receive.credentials,
      busyPoll: receive.busyPoll,
    });
    this[kImplementation] = new ListeningSocket(this, settings, authorize);
  }

  /** Whether it listens: true from `listen()` on, even if it still waits for the path, until `close()`. */
  get listening(): boolean {
    return this[kImplementation]?.open ?? false;
  }

  /**
   * The listening descriptor's number, still owned by this server, which closes it; -1 while it does not
   * listen. A program that is sent it (`fds: [server]`) accepts from the same backlog. The sender's
   * `close()` still removes the path: to hand the server over, `listen({ path, unlinkOnClose: false })`.
   */
  get fd(): number {
    return this[kImplementation]?.fd ?? -1;
  }

  /** @internal A program may use the name for a property of its own. */
  set fd(value: number) {
    defineOwn(this, 'fd', value);
  }

  /** Returns the path, or the abstract name with its leading NUL; null before the first `listen()`. */
  address(): string | null {
    return this[kImplementation]?.address ?? null;
  }

  /**
   * Binds and listens; 'listening' or 'error' follows. `backlog` and `listener` may follow a path, a
   * `listener` the options. Throws `ERR_SERVER_ALREADY_LISTEN`, `ERR_INVALID_ARG_VALUE`.
   */
  listen(options: ListenOptions | AddressLike, ...rest: unknown[]): this {
    if (this[kImplementation].open) throw alreadyListening();
    const read = listenOptionsOf(options);
    const backlog = givenBacklog(read.backlog, rest);
    const listener = listenerOf(rest);
    const { fd, signal } = read;
    const plan = fd === undefined ? listenPlan(read, backlog, options) : undefined;
    checkSignalType(signal);
    if (listener !== undefined) this.once('listening', listener);
    if (signal !== undefined) closeOn(this, signal);
    if (plan !== undefined) this[kImplementation].bind(plan);
    else
      this[kImplementation].adopt(
        fd as NonNullable<typeof fd>,
        backlog,
        read.unlinkOnClose ?? false,
      );
    return this;
  }

  /**
   * Stops listening; 'close' follows when the last connection has ended. `callback` is called then, with
   * `ERR_SERVER_NOT_RUNNING` if it did not listen.
   */
  close(callback?: (error?: Error) => void): this {
    if (typeof callback === 'function') {
      this.once('close', this[kImplementation].open ? callback : () => callback(notRunning()));
    }
    this[kImplementation].close();
    return this;
  }

  /** As `close()`; resolves when the last connection has ended, at once if it did not listen. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this[kImplementation].open) await promisify(this.close).call(this);
  }

  /** Calls back, in the next tick and without an error, with the number of open connections. */
  getConnections(callback: (error: Error | null, count: number) => void): this {
    nextTick(callback, null, this[kImplementation].connections);
    return this;
  }

  /** Has the server keep the process alive while it listens. This is the default. */
  ref(): this {
    this[kImplementation].setReference(true);
    return this;
  }

  /** Lets the process end although the server listens. */
  unref(): this {
    this[kImplementation].setReference(false);
    return this;
  }
}

/** Destroys the connection whose async 'connection' listener rejected, and no other, as `net.Server` does. */
Server.prototype[captureRejectionSymbol] = function (
  this: Server,
  error: Error,
  event: string | symbol,
  ...args: unknown[]
): void {
  if (event === 'connection') (args[0] as Socket).destroy(error);
  else this.emit('error', error);
};

function closeOn(server: Server, signal: AbortSignal): void {
  if (signal.aborted) {
    nextTick(() => server.close());
    return;
  }
  const listener = addAbortListener(signal, () => server.close());
  server.once('close', () => listener[Symbol.dispose]());
}

function alreadyListening(): Error {
  return codedError(
    Error,
    'ERR_SERVER_ALREADY_LISTEN',
    'Listen method has been called more than once without closing.',
  );
}

function notRunning(): Error {
  return codedError(Error, 'ERR_SERVER_NOT_RUNNING', 'Server is not running.');
}
