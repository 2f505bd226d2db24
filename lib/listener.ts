import { ACCEPT_BATCH, Acceptor } from './acceptor.js';
import type { UnixAddress } from './address.js';
import { checkSignal, optionsOf } from './arguments.js';
import { tellAccept } from './diagnostics.js';
import { invalidArgType, systemError } from './errors.js';
import { Fifo } from './fifo.js';
import { type Handle, native, READABLE } from './native.js';
import { Operation } from './operation.js';
import type { AcceptSettings } from './options.js';
import { Peer } from './peer.js';
import { UnixSocket } from './socket.js';

/** Options of `accept`. */
export interface AcceptOptions {
  /** Stops waiting, with an `AbortError`. No connection is lost. */
  signal?: AbortSignal;
}

const EAGAIN = -(native.errnos.EAGAIN as number);
/** Connections whose `authorize` may be undecided at a time; more wait in the backlog. */
const MAX_UNDECIDED = 256;

/** A socket that accepts connections. */
export abstract class Listener<S extends UnixSocket> extends UnixSocket {
  readonly #waiting = new Fifo<Operation<S>>();
  readonly #acceptor = new Acceptor(
    this.retry,
    () => this.onReadable(),
    (errno) => this.#reportPause(errno),
  );
  /** Connections that may still be accepted before the loop gets its turn. */
  #budget = ACCEPT_BATCH;
  #reported = false;
  readonly #undecided = new Set<S>();
  /** Let in while no `accept()` waited. */
  readonly #approved = new Fifo<S>();
  #refused = 0;
  #failureReported = false;
  /** @internal What it asks of those who connect, and what they send beside the bytes. */
  protected settings: AcceptSettings = {
    receive: { maxFds: 0, credentials: false, pidfds: false, busyPoll: 0 },
    authorize: undefined,
  };

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
        const socket = this.#next();
        if (socket !== undefined) return Promise.resolve(socket);
        this.live(); // `authorize` may have closed it
      }
      const operation = new Operation<S>(signal, () => {
        this.#waiting.remove(operation);
        if (this.#waiting.size === 0) this.#rest();
      });
      this.#waiting.push(operation);
      if (this.#waiting.size === 1) this.#await();
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

  /** Connections that `authorize` kept out. */
  get refused(): number {
    return this.#refused;
  }

  /** The next connection that may be handed over now, if there is one. */
  #next(): S | undefined {
    const approved = this.#approved.shift();
    if (approved !== undefined) return approved;
    for (; this.#budget > 0 && this.#undecided.size < MAX_UNDECIDED; this.#budget--) {
      const socket = this.#accept();
      if (socket === undefined) return undefined;
      if (this.#admits(socket)) {
        this.#budget--;
        tellAccept(this, socket);
        return socket;
      }
      if (this.closed) break; // by `authorize`
    }
    return undefined;
  }

  /** Whether the connection may be handed over now. If not, it is refused, or has to wait. */
  #admits(socket: S): boolean {
    const { authorize } = this.settings;
    if (authorize === undefined) return true;
    let verdict: unknown;
    try {
      verdict = authorize(new Peer(socket));
    } catch (error) {
      this.#fail(error);
      verdict = false;
    }
    if (this.closed) verdict = false;
    if (isThenable(verdict)) {
      this.#undecided.add(socket);
      verdict.then(
        (admitted) => this.#decide(socket, this.#isTrue(admitted)),
        (error) => {
          this.#fail(error);
          this.#decide(socket, false);
        },
      );
      return false;
    }
    if (this.#isTrue(verdict)) return true;
    this.#refuse(socket);
    return false;
  }

  /** The verdict on a connection that had to wait for it. */
  #decide(socket: S, admitted: boolean): void {
    if (!this.#undecided.delete(socket)) return; // the listener was closed
    if (!admitted) {
      this.#refuse(socket);
    } else {
      tellAccept(this, socket);
      const operation = this.#waiting.shift();
      if (operation === undefined) this.#approved.push(socket);
      else operation.resolve(socket);
    }
    if (this.#waiting.size > 0) this.#await();
    else this.#rest();
  }

  #isTrue(verdict: unknown): boolean {
    if (typeof verdict !== 'boolean') {
      this.#fail(invalidArgType('authorize()', 'of type boolean', verdict));
    }
    return verdict === true;
  }

  #refuse(socket: S): void {
    this.#refused++;
    socket.close();
  }

  #fail(error: unknown): void {
    if (this.#failureReported) return;
    this.#failureReported = true;
    process.emitWarning(
      `authorize of ${this.describe()} failed; the connection was refused, and so will be any other for which it fails`,
      {
        type: 'Warning',
        code: 'AFUNIX_AUTHORIZE_FAILED',
        detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
      },
    );
  }

  /** Accepts now; undefined if there is nothing to accept, or nothing to accept it with. */
  #accept(): S | undefined {
    const accepted = this.#acceptor.next(this.handle);
    if (typeof accepted !== 'number') return this.wrap(accepted);
    if (accepted !== EAGAIN) throw systemError('accept', accepted, this.localAddress);
    return undefined;
  }

  #reportPause(errno: number): void {
    if (this.#reported) return;
    this.#reported = true;
    const error = systemError('accept', errno, this.localAddress);
    process.emitWarning(`${error.message}: connections wait until there are descriptors again`, {
      type: 'Warning',
      code: 'AFUNIX_ACCEPT_PAUSED',
    });
  }

  #await(): void {
    if (this.#acceptor.paused || this.#undecided.size >= MAX_UNDECIDED) return;
    const result = this.handle.waitReadable(0);
    if (result < 0) this.settle(systemError('poll', result));
  }

  #rest(): void {
    this.handle.stop(READABLE);
    this.retry.cancel();
  }

  /** @internal */
  onReadable(result = 0): void {
    if (result < 0) {
      // Whoever shares it has shut it for reading, or it cannot be watched.
      for (const waiting of this.#waiting.drain()) waiting.reject(systemError('accept', result));
      return;
    }
    this.#budget = ACCEPT_BATCH;
    for (let first = this.#waiting.peek(); first !== undefined; first = this.#waiting.peek()) {
      try {
        const socket = this.#next();
        if (socket === undefined) break;
        this.#waiting.shift();
        first.resolve(socket);
      } catch (error) {
        this.#waiting.shift();
        first.reject(error);
      }
    }
    if (!this.closed && this.#waiting.size > 0) this.#await();
  }

  /** @internal */
  onWritable(): void {}

  /** @internal */
  protected override settle(error: Error): void {
    for (const socket of this.#undecided) socket.close();
    this.#undecided.clear();
    for (const socket of this.#approved.drain()) socket.close();
    for (const operation of this.#waiting.drain()) operation.reject(error);
  }

  /** @internal Connections accepted and not yet handed over. */
  protected override unread(): number {
    return this.#undecided.size + this.#approved.size;
  }

  /** The address it listens on. */
  override get localAddress(): UnixAddress | null {
    return super.localAddress;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
