// The listening socket behind a Server of afunix/net: it binds, accepts, and counts the connections.
import type { EventEmitter } from 'node:events';
import { addressFromKernel } from '../core/address.js';
import { publishAccept } from '../core/diagnostics.js';
import { check, isShortage, systemError } from '../core/errors.js';
import { numberOf } from '../core/fd-like.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import { unixSocketKind } from '../core/file-kind.js';
import { RetryTimer } from '../core/retry-timer.js';
import { kImplementation } from '../core/symbols.js';
import { nextTick, setImmediate } from '../core/timers.js';
import { Acceptor } from '../io/acceptor.js';
import { Authorizer } from '../io/authorizer.js';
import { bindError } from '../io/bind-error.js';
import { bindHandle } from '../io/establish.js';
import { adoptHandle, adoptPath, configureReceive, openHandle } from '../io/handle.js';
import { type AuthorizeOptions, DEFAULT_BACKLOG } from '../io/options.js';
import { type Handle, type HandleOwner, native, READABLE } from '../native/binding.js';
import { SOCK_STREAM } from '../native/constants.js';
import { EAGAIN, EINVAL } from '../native/errno.js';
import type { Connection, ConnectionCounter } from './connection.js';
import { type ListenPlan, nameOf } from './listen-plan.js';
import type { SocketSettings } from './options.js';
import { Socket } from './socket.js';

/** Milliseconds before a socket that could not be watched is watched again. */
const WATCH_AGAIN = 100;

/** The `Server` that a listening socket belongs to. */
interface ListeningServer extends EventEmitter {
  readonly maxConnections: number | undefined;
}

/**
 * Does the work of one `Server`. It is the owner of the handle, so that the methods which the addon and the
 * connections call are no methods of the public class.
 */
export class ListeningSocket implements HandleOwner, ConnectionCounter {
  /** The name it was last bound to. */
  address: string | undefined;
  /** Connections that are open. */
  connections = 0;
  readonly #server: ListeningServer;
  /** The settings of its connections. */
  readonly #settings: SocketSettings;
  readonly #authorizer: Authorizer | undefined;
  /** Waits for the lock on the directory, or for descriptors to accept with. */
  readonly #retry = new RetryTimer();
  readonly #acceptor = new Acceptor(this.#retry, () => this.#resume());
  #handle: Handle | null = null;
  #referenced = true;

  constructor(
    server: ListeningServer,
    settings: SocketSettings,
    authorize: AuthorizeOptions['authorize'],
  ) {
    this.#server = server;
    this.#settings = settings;
    if (authorize !== undefined) {
      this.#authorizer = new Authorizer(authorize, {
        describe: () => `Server at ${this.address?.replaceAll('\0', '@')}`,
        admit: (handle) => this.#admit(handle),
        refuse: (peer) => server.emit('drop', peer),
        decidedLater: () => {
          if (this.#handle === null) this.#closeIfDrained();
          else if (this.#acceptor.release()) this.#resume();
        },
      });
    }
  }

  /** Whether it listens, or waits for the lock on the directory to listen. */
  get open(): boolean {
    return this.#handle !== null;
  }

  /** The number of the descriptor; -1 until it listens, and once it is closed. */
  get fd(): number {
    // It becomes the handle's owner when it begins to listen.
    return this.#handle?.owner === this ? this.#handle.showFd() : -1;
  }

  /** Binds and listens. 'listening' or 'error' follows. */
  bind(plan: ListenPlan): void {
    const handle = openHandle(SOCK_STREAM);
    try {
      configureReceive(handle, this.#settings);
    } catch (error) {
      handle.close();
      throw error;
    }
    this.#handle = handle;
    this.address = nameOf(plan.bind.address);
    const result = bindHandle(handle, plan.bind, plan.backlog, {
      timer: () => this.#retry,
      done: (late) => this.#bound(handle, plan, late),
    });
    if (result !== undefined) this.#bound(handle, plan, result);
  }

  #bound(handle: Handle, plan: ListenPlan, result: number): void {
    if (result < 0) this.#abandon(handle, bindError(result, plan.bind, 'listen'));
    else this.#start(handle);
  }

  /**
   * Adopts a descriptor. Has it listen, if it does not yet or a backlog is given. 'listening' or 'error' follows; with
   * 'error' the descriptor stays its owner's.
   */
  adopt(fd: number | FileDescriptor, backlog: number | undefined, unlinkOnClose: boolean): void {
    let handle: Handle;
    try {
      listenOn(numberOf(fd), backlog);
      handle = adoptHandle(fd, SOCK_STREAM, true, this.#settings);
    } catch (cause) {
      const error = systemError('listen', EINVAL, undefined, { description: 'invalid argument' });
      error.cause = cause;
      nextTick(() => this.#server.emit('error', error));
      return;
    }
    this.#handle = handle;
    const name = native.raw.getsockname(handle.fd);
    if (typeof name !== 'number') this.address = nameOf(addressFromKernel(name));
    this.#start(handle);
    if (unlinkOnClose && this.#handle !== null) adoptPath(handle);
  }

  #start(handle: Handle): void {
    handle.owner = this;
    if (!this.#referenced) handle.unref();
    const result = handle.startReceiving(0, false);
    if (result < 0) this.#abandon(handle, systemError('listen', result));
    else nextTick(() => this.#handle !== null && this.#server.emit('listening'));
  }

  /** Closes a handle that cannot listen. */
  #abandon(handle: Handle, error: unknown): void {
    handle.close();
    this.#handle = null;
    nextTick(() => this.#server.emit('error', error));
  }

  /**
   * Called by the handle: accepts one connection. After that it is called again, once the ticks and promises of the
   * 'connection' listeners have run. `result`: 0, or -errno if the handle cannot be watched.
   */
  onReadable(result = 0): void {
    if (result < 0) {
      this.#failWatching(result);
      return;
    }
    if (this.#handle === null) return; // a listener has closed the server
    if (this.#authorizer?.full) {
      this.#acceptor.hold(this.#handle);
      return;
    }
    const accepted = this.#acceptor.next(this.#handle);
    if (typeof accepted !== 'number') this.#welcome(accepted);
    else if (accepted !== EAGAIN) this.#fail(accepted);
  }

  /** Not called: nothing is written to a listening socket. */
  onWritable(): void {}

  /** Accepts again after a pause. */
  #resume(): void {
    const result = this.#handle?.startReceiving(0, false) ?? 0;
    if (result < 0) this.#failWatching(result);
  }

  /** Handles that the handle was shut for reading, or cannot be watched. Only a lack of memory passes. */
  #failWatching(errno: number): void {
    if (isShortage(errno)) this.#retry.after(WATCH_AGAIN, () => this.#resume());
    else this.#fail(errno);
  }

  /** Stops accepting: what failed would fail again at once. */
  #fail(errno: number): void {
    this.#handle?.stop(READABLE);
    this.#server.emit('error', systemError('accept', errno));
  }

  #welcome(handle: Handle): void {
    const { maxConnections } = this.#server;
    const connections = this.connections + (this.#authorizer?.pending ?? 0);
    if (maxConnections && connections >= maxConnections) {
      handle.close();
      this.#server.emit('drop');
      return;
    }
    if (this.#authorizer === undefined) this.#admit(handle);
    else this.#authorizer.ask(handle);
  }

  #admit(handle: Handle): void {
    const socket = new Socket(this.#settings, handle);
    this.connections += 1;
    socket.server = this.#server;
    (socket[kImplementation] as Connection).countBy(this);
    publishAccept(this.#server, socket);
    this.#server.emit('connection', socket);
  }

  /** Called by each counted connection when it is closed. */
  connectionClosed(): void {
    this.connections -= 1;
    this.#closeIfDrained();
  }

  /** Stops listening. 'close' follows when the last connection is closed. */
  close(): void {
    this.#retry.cancel();
    this.#handle?.close();
    // As node:net, which waits for the loop to close a handle: 'beforeExit' comes again.
    if (this.#handle !== null) setImmediate(nothing);
    this.#authorizer?.close();
    this.#handle = null;
    this.#closeIfDrained();
  }

  /**
   * Stops accepting, and leaves the socket file to whoever has a duplicate of the descriptor. Connections that wait for a
   * decision still get it. 'close' follows when the last connection is closed.
   */
  retire(): void {
    this.#retry.cancel();
    const handle = this.#handle;
    this.#handle = null;
    handle?.stop(READABLE);
    if (handle) native.descriptors.close(handle.detach());
    this.#closeIfDrained();
  }

  #closeIfDrained(): void {
    const open = this.connections + (this.#authorizer?.pending ?? 0);
    if (this.#handle === null && open === 0) {
      nextTick(() => this.#server.emit('close'));
    }
  }

  /** Sets whether it keeps the process alive. */
  setReference(referenced: boolean): void {
    this.#referenced = referenced;
    if (referenced) this.#handle?.ref();
    else this.#handle?.unref();
    this.#retry.setReference(referenced);
  }
}

function nothing(): void {}

/** Calls listen(2) on a Unix stream socket that does not listen yet, or is to have this backlog. */
function listenOn(fd: number, backlog: number | undefined): void {
  const kind = native.descriptors.socketKind(fd);
  const listens = kind === unixSocketKind(SOCK_STREAM, true);
  if (kind === unixSocketKind(SOCK_STREAM, false) || (listens && backlog !== undefined)) {
    check('listen', native.raw.listen(fd, backlog ?? DEFAULT_BACKLOG));
  }
}
