import type { UnixAddress } from './address.js';
import { checkSignal, optionsOf } from './arguments.js';
import { Backoff } from './backoff.js';
import { isShortage, systemError } from './errors.js';
import { Fifo } from './fifo.js';
import { type Handle, native, READABLE } from './native.js';
import { Operation } from './operation.js';
import type { ReceiveSettings } from './options.js';
import { UnixSocket } from './socket.js';

/** Options of `accept`. */
export interface AcceptOptions {
  /** Stops waiting, with an `AbortError`. No connection is lost. */
  signal?: AbortSignal;
}

const { errnos } = native;
const EAGAIN = -(errnos.EAGAIN as number);
const ECONNABORTED = -(errnos.ECONNABORTED as number);

/** A socket that accepts connections. */
export abstract class Listener<S extends UnixSocket> extends UnixSocket {
  readonly #waiting = new Fifo<Operation<S>>();
  readonly #backoff = new Backoff(10, 1000);
  #retry: NodeJS.Timeout | undefined;
  #referenced = true;
  #reported = false;
  /** @internal What accepted sockets receive beside the bytes. */
  protected receiveSettings: ReceiveSettings = { maxFds: 0, credentials: false, pidfds: false };

  /** @internal Wraps an accepted connection. */
  protected abstract wrap(handle: Handle): S;

  /**
   * The next connection, the caller's to close. Calls are served in order. When the process is out of
   * descriptors (EMFILE, ENFILE) it waits, with back-off, until it has some again, and says so in one
   * process warning: no connection is lost.
   */
  accept(options?: AcceptOptions): Promise<S> {
    try {
      this.live();
      const { signal } = optionsOf(options);
      checkSignal(signal);
      if (this.#waiting.size === 0) {
        const socket = this.#accept();
        if (socket !== undefined) return Promise.resolve(socket);
      }
      const operation = new Operation<S>(signal, () => {
        this.#waiting.remove(operation);
        if (this.#waiting.size === 0) this.#rest();
      });
      this.#waiting.push(operation);
      if (this.#waiting.size === 1 && this.#retry === undefined) this.#await();
      return operation.promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Connections until the listener is closed. Leaving the loop leaves the listener open. */
  async *[Symbol.asyncIterator](): AsyncGenerator<S, void, void> {
    for (;;) {
      let socket: S;
      try {
        socket = await this.accept();
      } catch (error) {
        if (this.closed) return;
        throw error;
      }
      yield socket;
    }
  }

  override ref(): this {
    this.#referenced = true;
    this.#retry?.ref();
    return super.ref();
  }

  override unref(): this {
    this.#referenced = false;
    this.#retry?.unref();
    return super.unref();
  }

  /** Accepts now; undefined if there is nothing to accept, or nothing to accept it with. */
  #accept(): S | undefined {
    if (this.#retry !== undefined) return undefined;
    for (;;) {
      const handle = this.handle.accept();
      if (typeof handle !== 'number') {
        this.#backoff.reset();
        return this.wrap(handle);
      }
      if (handle === EAGAIN) return undefined;
      if (handle === ECONNABORTED) continue;
      if (!isShortage(handle)) throw systemError('accept', handle, this.localAddress);
      this.#pause(handle);
      return undefined;
    }
  }

  /** The listener stays readable while nothing can be accepted: waiting for that would spin. */
  #pause(errno: number): void {
    if (!this.#reported) {
      this.#reported = true;
      const error = systemError('accept', errno, this.localAddress);
      process.emitWarning(`${error.message}: connections wait until there are descriptors again`, {
        type: 'Warning',
        code: 'AFUNIX_ACCEPT_PAUSED',
      });
    }
    this.handle.stop(READABLE);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.onReadable();
    }, this.#backoff.next());
    if (!this.#referenced) this.#retry.unref();
  }

  #await(): void {
    const result = this.handle.waitReadable(0);
    if (result < 0) this.settle(systemError('poll', result));
  }

  #rest(): void {
    this.handle.stop(READABLE);
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  /** @internal */
  onReadable(): void {
    for (let first = this.#waiting.peek(); first !== undefined; first = this.#waiting.peek()) {
      try {
        const socket = this.#accept();
        if (socket === undefined) break;
        this.#waiting.shift();
        first.resolve(socket);
      } catch (error) {
        this.#waiting.shift();
        first.reject(error);
      }
    }
    if (!this.closed && this.#waiting.size > 0 && this.#retry === undefined) this.#await();
  }

  /** @internal */
  onWritable(): void {}

  /** @internal */
  protected override settle(error: Error): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    for (const operation of this.#waiting.drain()) operation.reject(error);
  }

  /** The address it listens on. */
  override get localAddress(): UnixAddress | null {
    return super.localAddress;
  }
}
