// Adapts a UnixDatagram to the events and callbacks of node:dgram.
import type { EventEmitter } from 'node:events';
import type { AddressLike } from '../core/address.js';
import { codedError, systemError } from '../core/errors.js';
import { kDescribe, kQueued } from '../core/symbols.js';
import { nextTick, setImmediate } from '../core/timers.js';
import type { Parsed } from '../core/validate.js';
import type { Datagram } from '../io/message.js';
import type { ConnectionChange } from '../io/message-options.js';
import type { BindPlan } from '../io/options.js';
import { Queue } from '../io/queue.js';
import { EAGAIN } from '../native/errno.js';
import { sendArguments } from './arguments.js';
import { DgramEndpoint, type EndpointOwner } from './endpoint.js';
import { remoteOf } from './remote.js';
import type { DgramData, SendCallback, SocketEvents, SocketOptions } from './types.js';

/** Does the work of one `Socket`, and emits its events. */
export class DatagramAdapter implements EndpointOwner {
  /** The `Socket`. */
  readonly socket: EventEmitter<SocketEvents>;
  readonly endpoint: DgramEndpoint;
  /** Whether it has a peer. */
  connected = false;
  /** Whether a send that finds no room may be reported instead of waiting. */
  readonly #reportsCongestion: boolean;
  /** Messages that have not been emitted yet. */
  readonly #inbox = new Queue<Datagram>();
  #bound = false;
  /** Whether congestion was reported, and 'writable' not emitted since. */
  #congested = false;

  constructor(socket: EventEmitter<SocketEvents>, options: Parsed<SocketOptions>) {
    this.socket = socket;
    this.#reportsCongestion = options.congestion !== 'wait' && options.reconnect !== true;
    const { onConnectionChange } = options;
    const emitChange = (change: ConnectionChange): void => {
      onConnectionChange?.(change);
      if (change.error === null) socket.emit('connect');
      else socket.emit('disconnect', change.error);
    };
    const emitting = Object.assign(options, { onConnectionChange: emitChange });
    this.endpoint = DgramEndpoint.make(emitting, this);
  }

  /** Names the socket in traces. */
  describe(): string {
    return this.endpoint[kDescribe]();
  }

  /** Throws ERR_SOCKET_DGRAM_NOT_RUNNING once it is closed. */
  checkOpen(): void {
    if (this.endpoint.closed) throw notRunning();
  }

  /** Throws ERR_SOCKET_DGRAM_NOT_CONNECTED without a peer. */
  checkConnected(): void {
    if (this.connected) return;
    throw codedError(Error, 'ERR_SOCKET_DGRAM_NOT_CONNECTED', 'Not connected');
  }

  /** Throws ERR_SOCKET_ALREADY_BOUND after a `bind()` that has not failed. */
  checkUnbound(): void {
    if (this.#bound) throw codedError(Error, 'ERR_SOCKET_ALREADY_BOUND', 'Socket is already bound');
  }

  /** Binds and begins to receive. 'listening' or 'error' follows; `listener` is called on the first. */
  bind(plan: BindPlan, listener: (() => void) | undefined): void {
    const { socket, endpoint } = this;
    if (listener !== undefined) socket.once('listening', listener);
    const onFailure = (error: unknown): void => {
      this.#bound = false;
      if (listener !== undefined) socket.removeListener('listening', listener);
      this.#fail(error as Error, undefined);
    };
    this.#bound = true;
    try {
      const unlocked = endpoint.bindNow(plan);
      if (unlocked === undefined) this.#listen();
      else
        unlocked.then(
          () => this.#listen(),
          (error) => nextTick(onFailure, error),
        );
    } catch (error) {
      onFailure(error);
    }
  }

  #listen(): void {
    this.#receive();
    nextTick(() => {
      if (!this.endpoint.closed) this.socket.emit('listening');
    });
  }

  /** Connects and begins to receive. A failure goes to `callback`, or is an 'error' event. */
  connect(address: AddressLike, callback: SendCallback | undefined): void {
    try {
      this.endpoint.connect(address);
    } catch (error) {
      this.#fail(error as Error, callback);
      return;
    }
    this.connected = true;
    this.#receive();
    nextTick(() => {
      if (this.endpoint.closed) return;
      callback?.(null);
      this.socket.emit('connect');
    });
  }

  /** Forgets the peer. */
  disconnect(): void {
    this.endpoint.disconnect();
    this.connected = false;
  }

  /** Sends a message by the arguments of `send()`. */
  send(message: DgramData, rest: readonly unknown[]): void {
    const { endpoint } = this;
    const { bytes, to, callback } = sendArguments(message, rest);
    if (endpoint.closed) {
      if (callback === undefined) throw notRunning();
      nextTick(callback, notRunning());
      return;
    }
    const options = to === undefined ? undefined : { to };
    let sent = false;
    try {
      sent = endpoint.trySend(bytes, options);
    } catch (error) {
      this.#fail(error as Error, callback);
      return;
    }
    if (sent) {
      if (callback !== undefined) nextTick(callback, null, bytes.byteLength);
    } else if (to === undefined && this.#reportsTo(callback)) {
      this.#report(message, callback);
    } else {
      endpoint.send(bytes, options).then(
        () => callback !== undefined && nextTick(callback, null, bytes.byteLength),
        (error) => nextTick(() => this.#fail(error, callback)),
      );
    }
  }

  /** Whether a program learns of congestion, and so can send the message again. */
  #reportsTo(callback: SendCallback | undefined): boolean {
    if (!this.#reportsCongestion) return false;
    return callback !== undefined || this.socket.listenerCount('congestion') > 0;
  }

  #report(message: DgramData, callback: SendCallback | undefined): void {
    this.#congested = true;
    this.endpoint.awaitWritable();
    if (callback === undefined) {
      this.socket.emit('congestion', message);
      return;
    }
    const error = systemError('send', EAGAIN);
    error.message = 'congestion';
    nextTick(callback, error);
  }

  /** Called by the endpoint when there is room at the peer: emits 'writable' after congestion. */
  onWritable(): void {
    if (!this.#congested || this.endpoint[kQueued].messages > 0) return;
    this.#congested = false;
    this.socket.emit('writable');
  }

  /** Called by the endpoint: emits an error of receiving, if a program listens. Returns whether it does. */
  onError(error: Error): boolean {
    return this.socket.listenerCount('error') > 0 && this.socket.emit('error', error);
  }

  #receive(): void {
    this.endpoint.onMessages((messages) => {
      for (const message of messages) this.#inbox.push(message);
      this.#deliver();
    });
  }

  /** Emits the messages. After a listener that throws, the rest follows in the next turn of the loop. */
  #deliver(): void {
    const inbox = this.#inbox;
    try {
      for (let next = inbox.shift(); next !== undefined; next = inbox.shift()) {
        if (!this.socket.emit('message', next.data, remoteOf(next))) discard(next);
      }
    } finally {
      if (inbox.size > 0) setImmediate(() => this.#deliver());
    }
  }

  /** Closes the socket. Messages that wait to be sent fail; received ones are discarded. */
  close(): void {
    const { socket } = this;
    this.#inbox.drain().forEach(discard);
    void this.endpoint.close();
    // hot-shots emits 'close' itself, right after close(), because unix-dgram does not. Once is enough.
    let emitted = false;
    socket.prependOnceListener('close', () => {
      emitted = true;
    });
    nextTick(() => emitted || socket.emit('close'));
  }

  #fail(error: Error, callback: SendCallback | undefined): void {
    if (callback !== undefined) nextTick(callback, error);
    else if (!this.endpoint.closed) this.socket.emit('error', error);
  }
}

/** Closes the descriptors of a message that no listener gets. */
function discard({ fds, pidfd }: Datagram): void {
  for (const fd of fds) fd.close();
  pidfd?.close();
}

function notRunning(): Error {
  return codedError(Error, 'ERR_SOCKET_DGRAM_NOT_RUNNING', 'Not running');
}
