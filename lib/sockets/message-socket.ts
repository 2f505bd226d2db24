import { invalidArgType, invalidState, systemError } from '../core/errors.js';
import { closeAll } from '../core/fd-like.js';
import type { Known } from '../core/known.js';
import {
  kHandle,
  kImplementation,
  kLive,
  kMessageAt,
  kOnMessagesOptions,
  kOnReadable,
  kRearm,
  kRejectAll,
  kReport,
  kThrowReported,
  kTimer,
  kUnread,
} from '../core/symbols.js';
import { nextTick } from '../core/timers.js';
import { optionsOf } from '../core/validate.js';
import { MAX_RECEIVED_PER_TURN } from '../io/budget.js';
import type { Deferred } from '../io/deferred.js';
import { copyMessage, type Message } from '../io/message.js';
import { Queue } from '../io/queue.js';
import { publishReceived } from '../io/received-messages.js';
import { READABLE } from '../native/binding.js';
import { MSG_PEEK } from '../native/constants.js';
import { EAGAIN, ECONNRESET, ESHUTDOWN } from '../native/errno.js';
import {
  DEFAULTS,
  ITERATION,
  type OnMessagesOptions,
  type ReceiveMessageOptions,
  receiveOptionsOf,
  type Wanted,
} from './options.js';
import { UnixSocket } from './socket.js';
import { Speculation } from './speculation.js';
import { WaitQueue } from './wait-queue.js';

/** Milliseconds until receiving is tried again after an error that would come again at once. */
const PAUSE_AFTER_ERROR = 100;

/** Returned if there was nothing to receive. */
const NOTHING = Symbol('nothing');
/** Returned if there was nothing to receive, and the event is armed. */
const ARMED = Symbol('armed');

/** Options of `onMessages` of any class. */
type AnyOnMessagesOptions = OnMessagesOptions & { onEnd?: () => void };

/** Gets every message. */
interface Consumer<M> {
  readonly callback: (messages: M[]) => void;
  readonly reuse: boolean;
  readonly onError: OnMessagesOptions['onError'] | undefined;
  readonly onEnd: (() => void) | undefined;
}

/**
 * A socket that receives whole messages: `UnixDatagram` or `UnixSeqpacket`. One reader takes them, by promises, by
 * iteration or by a callback. `End` is null if a connection can end, else never.
 */
export abstract class MessageSocket<
  M extends Message,
  End extends null = null,
  O extends OnMessagesOptions = OnMessagesOptions,
> extends UnixSocket {
  readonly #waiting = new WaitQueue<M | null, Wanted>(this);
  /** Messages that an iteration received, and nobody has taken yet. */
  readonly #received = new Queue<M>();
  /** At most 7 tries are left out, because a wait may receive only one of many messages that came at once. */
  readonly #speculation = new Speculation(7);
  #consumer: Consumer<M> | undefined;
  /** An error that nobody got yet. */
  #error: Error | undefined;
  /** Messages that may still be taken before the event loop gets its turn. */
  #budget = MAX_RECEIVED_PER_TURN;
  #ended = false;

  /** @internal Makes message `index` of the slab. */
  abstract [kMessageAt](index: number): M;
  /** @internal The options that `onMessages()` takes. */
  abstract readonly [kOnMessagesOptions]: Known<O>;

  /** Receives the next message. Resolves with null at the end of a seqpacket connection. Calls are served in order. */
  receive(options?: ReceiveMessageOptions): Promise<M | End> {
    return this.#next(options, DEFAULTS) as Promise<M | End>;
  }

  #next(options: ReceiveMessageOptions | undefined, defaults: Wanted): Promise<M | null> {
    try {
      this[kLive]();
      const wanted = options === undefined ? defaults : receiveOptionsOf(options);
      if (this.#consumer !== undefined) throw invalidState('onMessages() takes the messages');
      const message = this.#waiting.size === 0 ? this.#take(wanted) : NOTHING;
      if (message === NOTHING) return this.#waiting.wait(wanted, wanted.signal, true);
      if (message === ARMED) return this.#waiting.wait(wanted, wanted.signal, false);
      return Promise.resolve(message);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Returns a message that is here now, or null at the end of the connection. */
  #take({ peek, batch }: Wanted): M | null | typeof NOTHING | typeof ARMED {
    const received = peek ? this.#received.peek() : this.#received.shift();
    if (received !== undefined) return peek ? copyMessage(received) : received;
    if (this.#ended) return null;
    this[kThrowReported]();
    if (this.#budget <= 0 || !(peek || this.#speculation.shouldTry())) return NOTHING;
    const result = peek ? this[kHandle].receive(1, MSG_PEEK) : this[kHandle].receiveOrWait(batch);
    if (!peek) this.#speculation.record(result !== EAGAIN);
    if (result === EAGAIN) return peek ? NOTHING : ARMED;
    if (result < 0) throw systemError('recvmsg', result);
    if (result === 0) {
      this.#ended = true;
      return null;
    }
    this.#budget -= result;
    const messages = this.#messages(result);
    for (let index = 1; index < result; index++) this.#received.push(messages[index] as M);
    publishReceived(this[kImplementation], messages);
    return messages[0] as M;
  }

  /**
   * Yields messages until the socket is closed, or until the end of a seqpacket connection. Leaving the loop leaves
   * the socket open.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<M, void, void> {
    // An async generator would put three promises between a message and its reader.
    let done = false;
    const result = (message: M | null): IteratorResult<M, void> => {
      if (message !== null) return { value: message, done: false };
      done = true;
      return { value: undefined, done: true };
    };
    const failed = (error: unknown): IteratorResult<M, void> => {
      done = true;
      if (this.closed) return { value: undefined, done: true };
      throw error;
    };
    return {
      next: () =>
        done
          ? Promise.resolve(result(null))
          : this.#next(undefined, ITERATION).then(result, failed),
      return: () => {
        done = true;
        return Promise.resolve(result(null));
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /**
   * Hands every message from now on to `callback`, as an array of up to 32 for each wake-up: the fastest
   * way. Null ends that. At the end of a seqpacket connection `options.onEnd` is called, once. What the
   * callback throws goes to `uncaughtException`, and the socket lives on. A `receive` that waits already is
   * served first; one that is called later rejects with `ERR_INVALID_STATE`.
   */
  onMessages(callback: ((messages: M[]) => void) | null, options?: O): void {
    const parsed: AnyOnMessagesOptions = optionsOf(options, this[kOnMessagesOptions]);
    const { reuse = false, onError, onEnd } = parsed;
    if (callback !== null && typeof callback !== 'function') {
      throw invalidArgType('callback', 'of type function or null', callback);
    }
    if (typeof reuse !== 'boolean') throw invalidArgType('options.reuse', 'of type boolean', reuse);
    for (const [name, value] of Object.entries({ onError, onEnd })) {
      if (value !== undefined && typeof value !== 'function') {
        throw invalidArgType(`options.${name}`, 'of type function', value);
      }
    }
    this[kLive]();
    if (callback === null) {
      this.#consumer = undefined;
      this[kRearm]();
      return;
    }
    // An object made with spreads would take half a kilobyte.
    this.#consumer = { callback, reuse, onError, onEnd };
    if (this.#received.size > 0) nextTick(() => this.#handOver());
    this.#start();
  }

  #start(): void {
    if (this.#consumer === undefined) return;
    // A `receive` that waits gets a message that is the caller's to keep.
    const reuse = this.#consumer.reuse && this.#waiting.size === 0;
    const result = this[kHandle].startReceiving(MAX_RECEIVED_PER_TURN, reuse);
    if (result < 0) this.#fail(result);
  }

  /** Hands the messages that an iteration received to the consumer. */
  #handOver(): void {
    if (this.#received.size > 0) this.#consumer?.callback(this.#received.drain());
  }

  /** @internal */
  [kRearm](): void {
    if (this.#consumer !== undefined) {
      this.#start();
      return;
    }
    const wants = this.#waiting.first?.wants;
    if (wants === undefined) {
      this[kHandle].stop(READABLE);
      return;
    }
    const batch = Math.max(wants.batch, Math.min(this.#waiting.size, MAX_RECEIVED_PER_TURN));
    const result = wants.peek
      ? this[kHandle].waitReadable(1, MSG_PEEK)
      : this[kHandle].waitReadable(batch);
    if (result < 0) this[kRejectAll](systemError('poll', result));
  }

  /** @internal */
  [kOnReadable](result: number): void {
    const consumer = this.#consumer;
    this.#budget = MAX_RECEIVED_PER_TURN;
    if (result < 0) {
      this.#fail(result);
    } else if (result === 0) {
      this.#end();
    } else if (consumer !== undefined && this.#waiting.size === 0) {
      const messages = this.#messages(result);
      publishReceived(this[kImplementation], messages);
      consumer.callback(messages);
    } else {
      this.#serve(this.#messages(result));
      if (this.#consumer?.reuse) this.#start();
      this.#handOver();
    }
    if (this.#waiting.size > 0) this[kRearm]();
  }

  /** Makes the messages of a receive. */
  #messages(count: number): M[] {
    const messages = [this[kMessageAt](0)];
    for (let index = 1; index < count; index++) messages.push(this[kMessageAt](index));
    return messages;
  }

  #serve(messages: M[]): void {
    if (this.#consumer === undefined && this.#waiting.first?.wants.peek) {
      this.#waiting.shift()?.resolve(messages[0] as M);
      publishReceived(this[kImplementation], messages);
      return;
    }
    for (const message of messages) {
      let waiting = this.#waiting.shift();
      for (; waiting?.wants.peek; waiting = this.#waiting.shift()) copyTo(waiting, message);
      if (waiting === undefined) this.#received.push(message);
      else waiting.resolve(message);
    }
    publishReceived(this[kImplementation], messages);
  }

  #end(): void {
    this.#ended = true;
    this.#waiting.resolveAll(null);
    const consumer = this.#consumer;
    if (consumer === undefined) return;
    this.#consumer = undefined;
    this[kHandle].stop(READABLE);
    consumer.onEnd?.();
  }

  #fail(result: number): void {
    if (result === ESHUTDOWN) {
      this[kHandle].stop(READABLE);
    } else if (this.#consumer !== undefined && result !== ECONNRESET) {
      // An error such as ENOMEM would come again at once.
      this[kHandle].stop(READABLE);
      this[kTimer].after(PAUSE_AFTER_ERROR, () => this.#start());
    }
    this[kReport](systemError('recvmsg', result));
  }

  /** @internal Rejects the first call that waits, or calls `onError`, or keeps the error for the next call. */
  [kReport](error: Error): void {
    const waiting = this.#waiting.shift();
    const onError = this.#consumer?.onError;
    if (waiting !== undefined) waiting.reject(error);
    else if (onError !== undefined) nextTick(onError, error);
    else this.#error = error;
  }

  /** @internal */
  [kThrowReported](): void {
    const error = this.#error;
    if (error === undefined) return;
    this.#error = undefined;
    throw error;
  }

  /** @internal */
  override [kRejectAll](error: Error): void {
    this.#waiting.rejectAll(error);
    for (const message of this.#received.drain()) {
      closeAll(message.fds);
      message.pidfd?.close();
    }
    this.#consumer = undefined;
  }

  /** @internal */
  override [kUnread](): number {
    return this.#received.size;
  }
}

/** Resolves a call that peeks with a copy of the message. EMFILE rejects the call, and the message is not lost. */
function copyTo<M extends Message>(deferred: Deferred<M | null>, message: M): void {
  try {
    deferred.resolve(copyMessage(message));
  } catch (error) {
    deferred.reject(error);
  }
}
