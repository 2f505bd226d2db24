// The server of a local socket, shaped like node:net's Server on a pipe.
import { addAbortListener, captureRejectionSymbol, EventEmitter } from 'node:events';
import { getDefaultHighWaterMark } from 'node:stream';
import { getSystemErrorMap, promisify } from 'node:util';
import { type AddressLike, UnixAddress } from '../core/address.js';
import { tellAccept } from '../core/diagnostics.js';
import {
  bindError,
  codedError,
  invalidArgType,
  invalidArgValue,
  isShortage,
  systemError,
} from '../core/errors.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import { nextTick } from '../core/timers.js';
import { markAsUncloneable } from '../core/uncloneable.js';
import { checkSignalType, optionsOf, type Parsed } from '../core/validate.js';
import { ACCEPT_BATCH, Acceptor } from '../io/acceptor.js';
import { Authorizer } from '../io/authorizer.js';
import { Backoff } from '../io/backoff.js';
import { adoptHandle, configureReceive, openHandle } from '../io/handle.js';
import {
  type AuthorizeOptions,
  acceptSettings,
  type BindOptions,
  type BindPlan,
  backlogOf,
  bindHandle,
  bindPlan,
  SOCK_STREAM,
} from '../io/options.js';
import { Retry } from '../io/retry-timer.js';
import { type Handle, LOCKED, native, READABLE } from '../native/binding.js';
import {
  type ListenOptions,
  listenOptionsOf,
  SERVER,
  type ServerOptions,
  SocketSettings,
} from './options.js';
import { Socket } from './socket.js';

const EAGAIN = -(native.errnos.EAGAIN as number);
/** Milliseconds before a socket that could not be watched is watched again. */
const PAUSE = 100;
const READABLE_BY_ALL = 0o444;
const WRITABLE_BY_ALL = 0o222;

/** What becomes the listening socket. */
interface Plan {
  bind: BindPlan;
  backlog: number;
}

/**
 * Accepts connections: members, events and errors of `net.Server` on a Unix domain socket. It emits
 * 'listening', 'connection' (`Socket`), 'drop', 'error' and 'close'.
 */
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
  readonly #authorizer: Authorizer | undefined;
  readonly #settings: SocketSettings;
  /** Waits for the lock on the directory, or for descriptors to accept with. */
  readonly #retry = new Retry();
  readonly #acceptor = new Acceptor(this.#retry, () => this.#resume());
  #handle: Handle | null = null;
  #address: string | undefined;
  #connections = 0;
  #referenced = true;

  /**
   * A server that does not listen yet; `listener` is called for every 'connection'. Throws
   * ERR_INVALID_ARG_TYPE and ERR_OUT_OF_RANGE for wrong options.
   */
  constructor(
    options?: ServerOptions | ((socket: Socket) => void) | null,
    listener?: (socket: Socket) => void,
  ) {
    super();
    markAsUncloneable(this);
    const given = optionsOf((typeof options === 'function' ? null : options) ?? undefined, SERVER);
    const onConnection = typeof options === 'function' ? options : listener;
    if (typeof onConnection === 'function') this.on('connection', onConnection);
    const { receive, authorize } = acceptSettings(given as Parsed<AuthorizeOptions>);
    if (given.highWaterMark !== undefined && typeof given.highWaterMark !== 'number') {
      throw invalidArgType('options.highWaterMark', 'of type number', given.highWaterMark);
    }
    if (authorize !== undefined) {
      this.#authorizer = new Authorizer(authorize, {
        describe: () => `Server at ${this.#address?.replaceAll('\0', '@')}`,
        admit: (handle) => this.#admit(handle),
        refuse: (peer) => this.emit('drop', peer),
        decidedLater: () => {
          if (this.#acceptor.release()) this.#resume();
        },
      });
    }
    this.allowHalfOpen = given.allowHalfOpen ?? false;
    this.pauseOnConnect = Boolean(given.pauseOnConnect);
    this.highWaterMark =
      given.highWaterMark !== undefined && given.highWaterMark >= 0
        ? given.highWaterMark
        : getDefaultHighWaterMark(false);
    this.#settings = new SocketSettings({
      allowHalfOpen: this.allowHalfOpen,
      pauseOnCreate: this.pauseOnConnect,
      highWaterMark: this.highWaterMark,
      maxFds: receive.maxFds,
      credentials: receive.credentials,
      busyPoll: receive.busyPoll,
    });
  }

  /** Whether it listens: true from `listen()` on, even if it still waits for the path, until `close()`. */
  get listening(): boolean {
    return this.#handle !== null;
  }

  /**
   * The listening descriptor's number, still owned by this server, which closes it; -1 while it does not
   * listen. A program that is sent it (`fds: [server]`) accepts from the same backlog. The sender's
   * `close()` still removes the path: to hand the server over, `listen({ path, unlinkOnClose: false })`.
   */
  get fd(): number {
    // From the start of listening on the server is the handle's owner.
    return this.#handle?.owner === this ? this.#handle.fd : -1;
  }

  /** The path, or the abstract name with its leading NUL; null before the first `listen()`. */
  address(): string | null {
    return this.#address ?? null;
  }

  /**
   * Binds and listens; 'listening' or 'error' follows. `backlog` and `listener` may follow a path, a
   * `listener` the options. Throws `ERR_SERVER_ALREADY_LISTEN`, `ERR_INVALID_ARG_VALUE`.
   */
  listen(options: ListenOptions | AddressLike, ...rest: unknown[]): this {
    if (this.#handle !== null) throw alreadyListening();
    const given = listenOptionsOf(options);
    const backlog = rest.find((value) => typeof value === 'number') as number | undefined;
    const listener = rest.find((value) => typeof value === 'function');
    const { fd, signal } = given;
    const plan = fd === undefined ? planOf(given, given.backlog ?? backlog, options) : undefined;
    checkSignalType(signal);
    if (listener !== undefined) this.once('listening', listener as () => void);
    if (signal !== undefined) this.#closeOn(signal);
    if (plan !== undefined) this.#bind(plan);
    else this.#adopt(adoptHandle(fd as number | FileDescriptor, SOCK_STREAM, true, this.#settings));
    return this;
  }

  #closeOn(signal: AbortSignal): void {
    if (signal.aborted) {
      nextTick(() => this.close());
      return;
    }
    const listener = addAbortListener(signal, () => this.close());
    this.once('close', () => listener[Symbol.dispose]());
  }

  #bind(plan: Plan): void {
    const handle = openHandle(SOCK_STREAM);
    try {
      configureReceive(handle, this.#settings);
    } catch (error) {
      handle.close();
      throw error;
    }
    this.#handle = handle;
    this.#address = nameOf(plan.bind.address);
    this.#tryBind(handle, plan, new Backoff(1, 50));
  }

  #tryBind(handle: Handle, plan: Plan, backoff: Backoff): void {
    const result = bindHandle(handle, plan.bind, plan.backlog);
    if (result === LOCKED) {
      // Another process holds the lock on the directory.
      this.#retry.after(backoff.next(), () => this.#tryBind(handle, plan, backoff));
    } else if (result < 0) {
      this.#refuse(handle, listenError(result, plan.bind.address));
    } else {
      this.#start(handle);
    }
  }

  #adopt(handle: Handle): void {
    this.#handle = handle;
    const name = native.raw.getsockname(handle.fd);
    if (typeof name !== 'number') this.#address = nameOf(UnixAddress.fromKernel(name));
    this.#start(handle);
  }

  #start(handle: Handle): void {
    handle.owner = this;
    if (!this.#referenced) handle.unref();
    const result = handle.startReceiving(0, false);
    if (result < 0) this.#refuse(handle, systemError('listen', result));
    else nextTick(emitListening, this);
  }

  #refuse(handle: Handle, error: unknown): void {
    handle.close();
    this.#handle = null;
    nextTick(() => this.emit('error', error));
  }

  /** @internal */
  onReadable(result = 0): void {
    if (result < 0) {
      this.#failWatching(result);
      return;
    }
    for (let count = 0; count < ACCEPT_BATCH; count++) {
      if (this.#handle === null) return; // a listener has closed it
      if (this.#authorizer?.full) {
        this.#acceptor.hold(this.#handle);
        return;
      }
      const accepted = this.#acceptor.next(this.#handle);
      if (typeof accepted === 'number') {
        if (accepted !== EAGAIN) this.#fail(accepted);
        return;
      }
      this.#welcome(accepted);
    }
  }

  /** After a pause. */
  #resume(): void {
    const result = this.#handle?.startReceiving(0, false) ?? 0;
    if (result < 0) this.#failWatching(result);
  }

  /** It was shut for reading, or cannot be watched: want of memory goes by. */
  #failWatching(errno: number): void {
    if (isShortage(errno)) this.#retry.after(PAUSE, () => this.#resume());
    else this.#fail(errno);
  }

  /** It accepts no more: what failed would fail again, and again. */
  #fail(errno: number): void {
    this.#handle?.stop(READABLE);
    this.emit('error', systemError('accept', errno));
  }

  #welcome(handle: Handle): void {
    const connections = this.#connections + (this.#authorizer?.pending ?? 0);
    if (this.maxConnections && connections >= this.maxConnections) {
      handle.close();
      this.emit('drop');
      return;
    }
    if (this.#authorizer === undefined) this.#admit(handle);
    else this.#authorizer.ask(handle);
  }

  #admit(handle: Handle): void {
    const socket = new Socket(this.#settings, handle);
    this.#connections += 1;
    socket.keep(this);
    tellAccept(this, socket);
    this.emit('connection', socket);
  }

  /** @internal */
  onWritable(): void {}

  /** @internal */
  socketClosed(): void {
    this.#connections -= 1;
    this.#closeIfDrained();
  }

  /**
   * Stops listening; 'close' follows when the last connection has ended. `callback` is called then, with
   * `ERR_SERVER_NOT_RUNNING` if it did not listen.
   */
  close(callback?: (error?: Error) => void): this {
    const handle = this.#handle;
    if (typeof callback === 'function') {
      this.once('close', handle === null ? () => callback(notRunning()) : callback);
    }
    this.#retry.cancel();
    handle?.close();
    this.#authorizer?.close();
    this.#handle = null;
    this.#closeIfDrained();
    return this;
  }

  #closeIfDrained(): void {
    if (this.#handle === null && this.#connections === 0) nextTick(emitClose, this);
  }

  /** As `close()`; resolves when the last connection has ended, at once if it did not listen. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#handle !== null) await promisify(this.close).call(this);
  }

  /** Calls back, in the next tick and without an error, with the number of open connections. */
  getConnections(callback: (error: Error | null, count: number) => void): this {
    nextTick(callback, null, this.#connections);
    return this;
  }

  /** While it listens, the server keeps the process alive. This is the default. */
  ref(): this {
    this.#referenced = true;
    this.#handle?.ref();
    this.#retry.setReference(true);
    return this;
  }

  /** The server no longer keeps the process alive. */
  unref(): this {
    this.#referenced = false;
    this.#handle?.unref();
    this.#retry.setReference(false);
    return this;
  }
}

/** As `net.Server`: an async listener that rejects ends its own connection, and no other. */
Server.prototype[captureRejectionSymbol] = function (
  this: Server,
  error: Error,
  event: string | symbol,
  ...args: unknown[]
): void {
  if (event === 'connection') (args[0] as Socket).destroy(error);
  else this.emit('error', error);
};

function emitListening(server: Server): void {
  if (server.listening) server.emit('listening');
}

function emitClose(server: Server): void {
  server.emit('close');
}

/** Checks the arguments of a bind, before any system call. */
function planOf(options: Parsed<ListenOptions>, backlog: number | undefined, given: unknown): Plan {
  const { path, readableAll, writableAll } = options;
  if (path === undefined || path === null) {
    throw invalidArgValue('options', 'must have the property "path" or "fd"', given);
  }
  const bind = bindPlan(path, options as Parsed<BindOptions>);
  const added = (readableAll ? READABLE_BY_ALL : 0) | (writableAll ? WRITABLE_BY_ALL : 0);
  if (added !== 0 && bind.address.kind === 'abstract') {
    throw invalidArgValue(
      'options',
      'cannot set readableAll or writableAll when path is abstract',
      options,
    );
  }
  if (added !== 0) bind.mode = Math.max(bind.mode, 0) | added;
  // Node takes 0 for the default.
  return { bind, backlog: backlogOf(backlog || undefined) };
}

function nameOf(address: UnixAddress): string {
  return address.path ?? address.bytes.toString();
}

/** As node:net's: `listen EADDRINUSE: address already in use /path`. */
function listenError(errno: number, address: UnixAddress): Error {
  const error = bindError(errno, address, 'listen');
  const [, text] = getSystemErrorMap().get(errno) ?? [];
  if (text !== undefined) error.message = `listen ${error.code}: ${text} ${address}`;
  return error;
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
