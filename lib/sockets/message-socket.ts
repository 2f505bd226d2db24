import { invalidState, systemError } from '../core/errors.js';
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
import { isLost, optionsOf } from '../core/validate.js';
import { MAX_RECEIVED_PER_TURN } from '../io/budget.js';
import { lostMemoryError, refuseLostMemory } from '../io/caller-memory.js';
import type { Message } from '../io/message.js';
import { Queue } from '../io/queue.js';
import { publishReceived } from '../io/received-messages.js';
import { READABLE } from '../native/binding.js';
import { MSG_PEEK } from '../native/constants.js';
import { EAGAIN, ECONNRESET, ESHUTDOWN } from '../native/errno.js';
import { type Consumer, consumerOf } from './consumer.js';
import { handTo, messageFor } from './hand-out.js';
import { messagesOf } from './messages.js';
import {
  DEFAULTS,
  ITERATION,
  messageReceiveOf,
  type OnMessagesOptions,
  type ReceiveMessageOptions,
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

  /** @internal Makes message `index` of the slab, or of the memory that it was received into. */
  abstract [kMessageAt](index: number, buffer?: Uint8Array): M;
  /** @internal The options that `onMessages()` takes. */
  abstract readonly [kOnMessagesOptions]: Known<O>;

  /** Receives the next message. Resolves with null at the end of a seqpacket connection. Calls are served in order. */
  receive(options?: ReceiveMessageOptions): Promise<M | End> {
    return this.#next(options, DEFAULTS) as Promise<M | End>;
  }

  #next(options: ReceiveMessageOptions | undefined, defaults: Wanted): Promise<M | null> {
    try {
      this[kLive]();
      const wanted = options === undefined ? defaults : messageReceiveOf(options);
      if (this.#consumer !== undefined) throw invalidState('onMessages() takes the messages');
      const message = this.#waiting.size === 0 ? this.#take(wanted) : NOTHING;
      if (message === NOTHING) return this.#waiting.wait(wanted, wanted.signal, true);
      if (message === ARMED) return this.#waiting.wait(wanted, wanted.signal, false);
      return Promise.resolve(message);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Receives the next message if it is there now, and never waits: undefined if none is, or if other calls wait. Null at
   * the end of a seqpacket connection. One system call. Throws what `receive()` rejects with.
   */
  tryReceive(options?: ReceiveMessageOptions): M | End | undefined {
    this[kLive]();
    const wanted = options === undefined ? DEFAULTS : messageReceiveOf(options);
    if (this.#consumer !== undefined) throw invalidState('onMessages() takes the messages');
    if (this.#waiting.size > 0) return undefined;
    const here = this.#takeReceived(wanted);
    const message = here === NOTHING ? this.#receive(wanted) : here;
    return message === NOTHING ? undefined : (message as M | End);
  }

  /** Returns a message that is here now, or null at the end of the connection. */
  #take(wanted: Wanted): M | null | typeof NOTHING | typeof ARMED {
    const { peek, buffer, batch } = wanted;
    const here = this.#takeReceived(wanted);
    if (here !== NOTHING) return here;
    if (this.#budget <= 0 || !(peek || this.#speculation.shouldTry())) return NOTHING;
    if (peek) return this.#receive(wanted);
    if (buffer !== undefined) {
      const message = this.#receive(wanted);
      this.#speculation.record(message !== NOTHING);
      return message;
    }
    const result = this[kHandle].receiveOrWait(batch);
    this.#speculation.record(result !== EAGAIN);
    return result === EAGAIN ? ARMED : this.#accept(result);
  }

  /** Receives one message, into the caller's memory if there is some. Returns null at the end of the connection. */
  #receive({ peek, buffer }: Wanted): M | null | typeof NOTHING {
    const flags = peek ? MSG_PEEK : 0;
    if (buffer !== undefined) refuseLostMemory(buffer);
    const result =
      buffer === undefined
        ? this[kHandle].receive(1, flags)
        : this[kHandle].receiveInto(buffer, flags);
    return result === EAGAIN ? NOTHING : this.#accept(result, buffer);
  }

  /** Returns a message that was received before, null if the connection has ended, or NOTHING. */
  #takeReceived(wanted: Wanted): M | null | typeof NOTHING {
    const received = this.#received.peek();
    if (received !== undefined) {
      const message = messageFor(wanted, received);
      if (!wanted.peek) this.#received.shift();
      return message;
    }
    if (this.#ended) return null;
    this[kThrowReported]();
    return NOTHING;
  }

  /** Returns the first message of a receive, or null at the end of the connection, and keeps the others. */
  #accept(result: number, buffer?: Uint8Array): M | null {
    if (result < 0) throw systemError('recvmsg', result);
    if (result === 0) {
      this.#ended = true;
      return null;
    }
    this.#budget -= result;
    const messages = this.#messages(result, buffer);
    for (let index = 1; index < result; index++) this.#received.push(messages[index] as M);
    publishReceived(this[kImplementation], messages);
    return messages[0] as M;
  }

  /**
   * Yields messages until the socket is closed, or until the end of a seqpacket connection. Leaving the loop leaves
   * the socket open.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<M, void, void> {
    return messagesOf(this, () => this.#next(undefined, ITERATION));
  }

  /**
   * Hands every message from now on to `callback`, as an array of up to 32 for each wake-up: the fastest
   * way. Null ends that. At the end of a seqpacket connection `options.onEnd` is called, once. What the
   * callback throws goes to `uncaughtException`, and the socket lives on. A `receive` that waits already is
   * served first; one that is called later rejects with `ERR_INVALID_STATE`.
   */
  onMessages(callback: ((messages: M[]) => void) | null, options?: O): void {
    const consumer = consumerOf(callback, optionsOf(options, this[kOnMessagesOptions]));
    this[kLive]();
    this.#consumer = consumer;
    if (consumer === undefined) {
      this[kRearm]();
      return;
    }
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
    const { peek, buffer } = wants;
    const many = Math.max(wants.batch, Math.min(this.#waiting.size, MAX_RECEIVED_PER_TURN));
    // The addon can receive into the slab before it calls, but not into the caller's memory.
    const batch = buffer !== undefined ? 0 : peek ? 1 : many;
    const result = this[kHandle].waitReadable(batch, peek ? MSG_PEEK : 0);
    if (result < 0) this.#waiting.rejectAll(() => systemError('poll', result));
  }

  /** @internal */
  [kOnReadable](result: number): void {
    const consumer = this.#consumer;
    this.#budget = MAX_RECEIVED_PER_TURN;
    if (result < 0) {
      this.#fail(result);
    } else if (result === 0) {
      const buffer = this.#waiting.first?.wants.buffer;
      if (consumer === undefined && buffer !== undefined) this.#serveBuffers();
      else this.#end();
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
  #messages(count: number, buffer?: Uint8Array): M[] {
    const messages = [this[kMessageAt](0, buffer)];
    for (let index = 1; index < count; index++) messages.push(this[kMessageAt](index));
    return messages;
  }

  /** Receives for the calls with memory of their own, which no event brings a message for. */
  #serveBuffers(): void {
    let { first } = this.#waiting;
    for (; first?.wants.buffer !== undefined && this.#budget > 0; first = this.#waiting.first) {
      const { peek, buffer } = first.wants;
      if (isLost(buffer)) {
        this.#waiting.shift();
        first.reject(lostMemoryError());
        continue;
      }
      const result = this[kHandle].receiveInto(buffer, peek ? MSG_PEEK : 0);
      if (result === EAGAIN) return;
      if (result === 0) {
        this.#end();
        return;
      }
      this.#budget -= 1;
      this.#waiting.shift();
      if (result < 0) {
        first.reject(systemError('recvmsg', result));
        continue;
      }
      const messages = this.#messages(1, buffer);
      first.resolve(messages[0] as M);
      publishReceived(this[kImplementation], messages);
    }
  }

  #serve(messages: M[]): void {
    // The message was peeked at.
    if (this.#consumer === undefined && this.#waiting.first?.wants.peek) {
      this.#waiting.shift()?.resolve(messages[0] as M);
      publishReceived(this[kImplementation], messages);
      return;
    }
    for (const message of messages) {
      let waiting = this.#waiting.shift();
      while (waiting !== undefined && !handTo(waiting, message)) waiting = this.#waiting.shift();
      if (waiting === undefined) this.#received.push(message);
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
    // The event may be armed for what the rejected call wanted.
    if (this.#consumer === undefined && this.#waiting.size > 0) this[kRearm]();
  }

  /** @internal */
  [kThrowReported](): void {
    const error = this.#error;
    if (error === undefined) return;
    this.#error = undefined;
    throw error;
  }

  /** @internal */
  override [kRejectAll](make: () => Error): void {
    this.#waiting.rejectAll(make);
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
