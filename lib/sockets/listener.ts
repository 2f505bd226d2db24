import type { UnixAddress } from '../core/address.js';
import { publishAccept } from '../core/diagnostics.js';
import { systemError } from '../core/errors.js';
import { Known } from '../core/known.js';
import { unwatchListener, watchListener } from '../core/leak-watch.js';
import {
  kConfigure,
  kConnectionReceives,
  kDescribe,
  kHandle,
  kLive,
  kOnReadable,
  kOnWritable,
  kPassLocalAddress,
  kRearm,
  kRejectAll,
  kRetire,
  kTimer,
  kUnread,
  kWatch,
  kWrap,
} from '../core/symbols.js';
import { checkSignal, optionsOf } from '../core/validate.js';
import { Acceptor } from '../io/acceptor.js';
import { Authorizer } from '../io/authorizer.js';
import { MAX_ACCEPTED_PER_TURN } from '../io/budget.js';
import { type AcceptSettings, NO_ANCILLARY, type ReceiveSettings } from '../io/options.js';
import { Queue } from '../io/queue.js';
import { bare } from '../native/bare.js';
import { type Handle, READABLE } from '../native/binding.js';
import { EAGAIN } from '../native/errno.js';
import { UnixSocket } from './socket.js';
import { WaitQueue } from './wait-queue.js';

/** Options of `accept`. */
export interface AcceptOptions {
  /** Stops waiting, with an `AbortError`. No connection is lost. */
  signal?: AbortSignal;
}

const ACCEPT = new Known<AcceptOptions>('accept', { signal: 1 });

/**
 * A socket that accepts connections. One that is collected while it is open, because nothing refers to it and nobody
 * awaits `accept()`, is closed, with a warning (`AFUNIX_LISTENER_LEAK`) that names it.
 */
export abstract class Listener<S extends UnixSocket> extends UnixSocket {
  readonly #waiting = new WaitQueue<S>(this);
  readonly #acceptor = new Acceptor(
    this[kTimer],
    () => this[kOnReadable](),
    (errno) => this.#reportPause(errno),
  );
  /** Connections that may still be accepted before the event loop gets its turn. */
  #budget = MAX_ACCEPTED_PER_TURN;
  #reported = false;
  #authorizer: Authorizer | undefined;
  /** Connections that wait for an `accept()`. */
  readonly #admitted = new Queue<Handle>();
  #refused = 0;
  #retired = false;
  /** @internal */
  [kConnectionReceives]: ReceiveSettings = NO_ANCILLARY;

  /** @internal */
  [kConfigure]({ receive, authorize }: AcceptSettings): void {
    this[kConnectionReceives] = receive;
    if (authorize === undefined) return;
    this.#authorizer = new Authorizer(authorize, {
      describe: () => this[kDescribe](),
      admit: (handle) => this.#admitted.push(handle),
      refuse: () => {
        this.#refused++;
      },
      decidedLater: () => this.#goOn(),
    });
  }

  /** @internal Warns if it is collected from now on, while it is open. Called when it listens. */
  [kWatch](): void {
    watchListener(this, this[kDescribe]());
  }

  /** @internal Makes the socket of an accepted connection. */
  abstract [kWrap](handle: Handle): S;

  /**
   * Accepts the next connection, which is the caller's to close. Calls are served in order. When the process is out
   * of descriptors (EMFILE, ENFILE) it waits, with back-off, until it has some again, and says so in one process
   * warning. No connection is lost.
   */
  accept(options?: AcceptOptions): Promise<S> {
    try {
      this[kLive]();
      const { signal } = optionsOf(options, ACCEPT);
      checkSignal(signal);
      if (this.#waiting.size === 0) {
        const handle = this.#next();
        if (handle !== undefined) return Promise.resolve(this.#handOver(handle));
        this[kLive](); // `authorize` may have closed it
      }
      return this.#waiting.wait(undefined, signal, this.#waiting.size === 0);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Yields connections until the listener is closed. Leaving the loop leaves the listener open. */
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

  /** Returns the next connection that may be handed over now, if there is one. */
  #next(): Handle | undefined {
    for (;;) {
      const admitted = this.#admitted.shift();
      if (admitted !== undefined) return admitted;
      // `authorize` may have closed the listener.
      if (this.closed || this.#retired) return undefined;
      if (this.#budget <= 0 || this.#authorizer?.full) return undefined;
      const accepted = this.#acceptor.next(this[kHandle]);
      if (accepted === EAGAIN) return undefined;
      if (typeof accepted === 'number') throw systemError('accept', accepted, this.localAddress);
      this.#budget--;
      if (this.#authorizer === undefined) return accepted;
      this.#authorizer.ask(accepted);
    }
  }

  #handOver(handle: Handle): S {
    const socket = this[kWrap](handle);
    this[kPassLocalAddress](socket);
    publishAccept(this, socket);
    if (this.#retired) this.#endIfDrained();
    return socket;
  }

  /**
   * @internal Accepts nothing more. Connections that wait for a decision or for `accept()` are still handed over. Then the
   * listener closes, and leaves the socket file to whoever has a duplicate of the descriptor.
   */
  [kRetire](): void {
    if (this.closed) return;
    this.#retired = true;
    this[kRearm]();
    this.#endIfDrained();
  }

  #endIfDrained(): void {
    if (!this.closed && this[kUnread]() === 0) this.detach().close();
  }

  /** Serves the calls of `accept()` that wait, as far as there are connections for them. */
  #serve(): void {
    while (this.#waiting.size > 0) {
      let handle: Handle | undefined;
      try {
        handle = this.#next();
      } catch (error) {
        this.#waiting.shift()?.reject(error);
        continue;
      }
      if (handle === undefined) return;
      const waiter = this.#waiting.shift();
      if (waiter === undefined) {
        this.#admitted.push(handle); // `authorize` aborted the call
        return;
      }
      try {
        waiter.resolve(this.#handOver(handle));
      } catch (error) {
        waiter.reject(error);
      }
    }
  }

  /** Goes on after a decision that came later. */
  #goOn(): void {
    this.#acceptor.release();
    this.#serve();
    if (this.#retired) this.#endIfDrained();
    if (!this.closed) this[kRearm]();
  }

  #reportPause(errno: number): void {
    if (this.#reported) return;
    this.#reported = true;
    const error = systemError('accept', errno, this.localAddress);
    process.emitWarning(
      `${error.message}: connections wait until there are descriptors again`,
      bare({ type: 'Warning', code: 'AFUNIX_ACCEPT_PAUSED' }),
    );
  }

  /** @internal */
  [kRearm](): void {
    if (this.#waiting.size === 0 || this.#retired) {
      this[kHandle].stop(READABLE);
      this[kTimer].cancel();
    } else if (this.#authorizer?.full) {
      this.#acceptor.hold(this[kHandle]);
    } else {
      const result = this.#acceptor.wait(this[kHandle]);
      if (result < 0) this.#waiting.rejectAll(() => systemError('poll', result));
    }
  }

  /** @internal */
  [kOnReadable](result = 0): void {
    if (result < 0) {
      // Another process shut the socket for reading, or the poller has no memory to watch it.
      this.#waiting.rejectAll(() => systemError('accept', result));
      return;
    }
    this.#budget = MAX_ACCEPTED_PER_TURN;
    this.#serve();
    if (!this.closed && this.#waiting.size > 0) this[kRearm]();
  }

  /** @internal */
  [kOnWritable](): void {}

  /** @internal */
  override [kRejectAll](make: () => Error): void {
    unwatchListener(this);
    this.#authorizer?.close();
    for (const handle of this.#admitted.drain()) handle.close();
    this.#waiting.rejectAll(make);
  }

  /** @internal */
  override [kUnread](): number {
    return (this.#authorizer?.pending ?? 0) + this.#admitted.size;
  }

  /** The address it listens on. */
  override get localAddress(): UnixAddress | null {
    return super.localAddress;
  }
}
