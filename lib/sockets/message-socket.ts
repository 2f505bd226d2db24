import { invalidArgType, invalidState, systemError } from '../core/errors.js';
import { closeAll } from '../core/fd-like.js';
import { Known, type Names } from '../core/known.js';
import { nextTick } from '../core/timers.js';
import { checkSignal, optionsOf, type Parsed } from '../core/validate.js';
import { Deferred } from '../io/deferred.js';
import { type Message, publishReceived } from '../io/message.js';
import { Queue } from '../io/queue.js';
import { READABLE } from '../native/binding.js';
import { MSG_PEEK } from '../native/constants.js';
import { EAGAIN, ECONNRESET, ESHUTDOWN } from '../native/errno.js';
import { UnixSocket } from './socket.js';
import { Speculation } from './speculation.js';

/** Messages that one turn of the loop takes at most, so that no socket starves another. */
const BATCH = 32;
/** Milliseconds before receiving is tried again after an error that does not go by being read. */
const PAUSE = 100;

const ARMED = Symbol('armed');

const RECEIVE = new Known<ReceiveMessageOptions>('receive', { signal: 1, peek: 1 });
const plain: { signal: AbortSignal | undefined; peek: boolean } = {
  signal: undefined,
  peek: false,
};

function receiveOptionsOf(options: ReceiveMessageOptions): typeof plain {
  const { signal, peek = false } = optionsOf(options, RECEIVE);
  checkSignal(signal);
  if (typeof peek !== 'boolean') throw invalidArgType('options.peek', 'of type boolean', peek);
  return { signal, peek };
}

/** Options of `receive`. */
export interface ReceiveMessageOptions {
  /** Stops waiting, with an `AbortError`. Nothing is lost. */
  signal?: AbortSignal;
  /**
   * Leaves the message where it is, for the next `receive` (MSG_PEEK). Its descriptors are duplicates,
   * the caller's to close as ever. Default false.
   */
  peek?: boolean;
}

/** Options of `onMessages`. */
export interface OnMessagesOptions {
  /**
   * `data` and `from` of the messages are valid until the callback returns: their memory is used
   * again, and must not be transferred. For those who look at each message once. Default false: they
   * are the receiver's to keep.
   */
  reuse?: boolean;
  /**
   * Called with an error that receiving brings, such as ECONNRESET: the peer connected elsewhere and
   * dropped what it had not received. The socket goes on. Without it the next `send` to the peer, or
   * the next `receive`, rejects with the error.
   */
  onError?: (error: Error) => void;
}

export const ON_MESSAGES: Names<OnMessagesOptions> = { reuse: 1, onError: 1 };

/** Who gets every message. */
interface Consumer<M> {
  readonly callback: (messages: M[]) => void;
  readonly reuse: boolean;
  readonly onError: OnMessagesOptions['onError'] | undefined;
  readonly onEnd: (() => void) | undefined;
}

/** A `receive` that waits. */
interface Waiting<M> {
  readonly deferred: Deferred<M | null>;
  readonly peek: boolean;
}

/** What a socket that receives whole messages has: one reader's queue, promises and iteration. */
export abstract class MessageSocket<M extends Message> extends UnixSocket {
  readonly #waiting = new Queue<Waiting<M>>();
  /** Received while iterating, not taken yet. */
  readonly #received = new Queue<M>();
  /** Few: of many messages that came at once a wait takes one. */
  readonly #speculation = new Speculation(7);
  #consumer: Consumer<M> | undefined;
  /** Told to nobody yet. */
  #error: Error | undefined;
  /** Messages that may still be taken before the loop gets its turn. */
  #budget = BATCH;
  #ended = false;

  /** @internal Message `index` of the slab. */
  protected abstract messageAt(index: number): M;

  /** @internal The next message; null at the end of the connection. */
  protected next(options: ReceiveMessageOptions | undefined, batch: number): Promise<M | null> {
    try {
      this.live();
      const { signal, peek } = options === undefined ? plain : receiveOptionsOf(options);
      if (this.#consumer !== undefined) throw invalidState('onMessages() takes the messages');
      const message = this.#waiting.size === 0 ? this.#take(batch, peek) : undefined;
      if (message !== undefined && message !== ARMED) return Promise.resolve(message);
      const cancel = (): void => {
        this.#waiting.remove(waiting);
        this.#await(batch);
      };
      const deferred = this.#waitFor(signal, cancel, batch);
      const waiting = { deferred, peek };
      this.#waiting.push(waiting);
      if (message !== ARMED) this.#await(batch);
      return deferred.promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #waitFor(signal: AbortSignal | undefined, cancel: () => void, batch: number): Deferred<M | null> {
    try {
      return new Deferred<M | null>(signal, signal === undefined ? undefined : cancel);
    } catch (error) {
      this.#await(batch); // nobody waits for what was armed
      throw error;
    }
  }

  /**
   * A message that is here now, null at the end; undefined: it has to be waited for, ARMED: and it is
   * already.
   */
  #take(batch: number, peek: boolean): M | null | undefined | typeof ARMED {
    const received = peek ? this.#received.peek()?.copy() : this.#received.shift();
    if (received !== undefined) return received as M;
    if (this.#ended) return null;
    this.throwReported();
    if (this.#budget <= 0 || !(peek || this.#speculation.shouldTry())) return undefined;
    const result = peek ? this.handle.receive(1, MSG_PEEK) : this.handle.receiveOrWait(batch);
    if (!peek) this.#speculation.record(result !== EAGAIN);
    if (result === EAGAIN) return peek ? undefined : ARMED;
    if (result < 0) throw systemError('recvmsg', result);
    if (result === 0) {
      this.#ended = true;
      return null;
    }
    this.#budget -= result;
    const messages = this.#messages(result);
    for (let index = 1; index < result; index++) this.#received.push(messages[index] as M);
    publishReceived(this, messages);
    return messages[0] as M;
  }

  /**
   * @internal Messages until the end of the connection or of the socket. Not an async generator, which
   * would put three promises between a message and its reader.
   */
  protected iterate(): AsyncIterableIterator<M, void, void> {
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
        done ? Promise.resolve(result(null)) : this.next(undefined, BATCH).then(result, failed),
      return: () => {
        done = true;
        return Promise.resolve(result(null));
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** @internal Every message from now on goes to `callback`, as an array for each wake-up. */
  protected deliver(
    callback: ((messages: M[]) => void) | null,
    options: Parsed<OnMessagesOptions & { onEnd?: () => void }>,
  ): void {
    const { reuse = false, onError, onEnd } = options;
    if (callback !== null && typeof callback !== 'function') {
      throw invalidArgType('callback', 'of type function or null', callback);
    }
    if (typeof reuse !== 'boolean') throw invalidArgType('options.reuse', 'of type boolean', reuse);
    for (const [name, value] of Object.entries({ onError, onEnd })) {
      if (value !== undefined && typeof value !== 'function') {
        throw invalidArgType(`options.${name}`, 'of type function', value);
      }
    }
    this.live();
    if (callback === null) {
      this.#consumer = undefined;
      this.#await(1);
      return;
    }
    // Not with spreads, whose object takes half a kilobyte.
    this.#consumer = { callback, reuse, onError, onEnd };
    if (this.#received.size > 0) nextTick(() => this.#handOver());
    this.#start();
  }

  #start(): void {
    if (this.#consumer === undefined) return;
    // What a `receive` that waits gets is its caller's to keep.
    const reuse = this.#consumer.reuse && this.#waiting.size === 0;
    const result = this.handle.startReceiving(BATCH, reuse);
    if (result < 0) this.#fail(result);
  }

  /** Hands what an iteration left to the consumer. */
  #handOver(): void {
    if (this.#received.size > 0) this.#consumer?.callback(this.#received.drain());
  }

  #await(batch: number): void {
    if (this.#consumer !== undefined) {
      this.#start();
      return;
    }
    const first = this.#waiting.peek();
    if (first === undefined) this.handle.stop(READABLE);
    else if (first.peek) this.#check(this.handle.waitReadable(1, MSG_PEEK));
    else
      this.#check(this.handle.waitReadable(Math.max(batch, Math.min(this.#waiting.size, BATCH))));
  }

  /** @internal */
  onReadable(result: number): void {
    const consumer = this.#consumer;
    this.#budget = BATCH;
    if (result < 0) {
      this.#fail(result);
    } else if (result === 0) {
      this.#end();
    } else if (consumer !== undefined && this.#waiting.size === 0) {
      const messages = this.#messages(result);
      publishReceived(this, messages);
      consumer.callback(messages);
    } else {
      this.#serve(this.#messages(result));
      if (this.#consumer?.reuse) this.#start();
      this.#handOver();
    }
    if (this.#waiting.size > 0) this.#await(1);
  }

  /** All that a receive brought. */
  #messages(count: number): M[] {
    const messages = [this.messageAt(0)];
    for (let index = 1; index < count; index++) messages.push(this.messageAt(index));
    return messages;
  }

  #serve(messages: M[]): void {
    if (this.#consumer === undefined && this.#waiting.peek()?.peek) {
      this.#waiting.shift()?.deferred.resolve(messages[0] as M);
      publishReceived(this, messages);
      return;
    }
    for (const message of messages) {
      let waiting = this.#waiting.shift();
      for (; waiting?.peek; waiting = this.#waiting.shift()) {
        copyTo(waiting.deferred, message);
      }
      if (waiting === undefined) this.#received.push(message);
      else waiting.deferred.resolve(message);
    }
    publishReceived(this, messages);
  }

  #end(): void {
    this.#ended = true;
    for (const { deferred } of this.#waiting.drain()) deferred.resolve(null);
    const consumer = this.#consumer;
    if (consumer === undefined) return;
    this.#consumer = undefined;
    this.handle.stop(READABLE);
    consumer.onEnd?.();
  }

  #fail(result: number): void {
    if (result === ESHUTDOWN) {
      this.handle.stop(READABLE);
    } else if (this.#consumer !== undefined && result !== ECONNRESET) {
      // ENOMEM or the like, which would come again at once.
      this.handle.stop(READABLE);
      this.retry.after(PAUSE, () => this.#start());
    }
    this.report(systemError('recvmsg', result));
  }

  /** @internal An error that belongs to receiving: for who waits, the consumer, or the next call. */
  protected report(error: Error): void {
    const waiting = this.#waiting.shift();
    const onError = this.#consumer?.onError;
    if (waiting !== undefined) waiting.deferred.reject(error);
    else if (onError !== undefined) nextTick(onError, error);
    else this.#error = error;
  }

  /** @internal Throws an error that nobody has been told of yet. */
  protected throwReported(): void {
    const error = this.#error;
    if (error === undefined) return;
    this.#error = undefined;
    throw error;
  }

  #check(result: number): void {
    if (result < 0) this.settle(systemError('poll', result));
  }

  /** @internal */
  protected override settle(error: Error): void {
    for (const { deferred } of this.#waiting.drain()) deferred.reject(error);
    for (const message of this.#received.drain()) {
      closeAll(message.fds);
      message.pidfd?.close();
    }
    this.#consumer = undefined;
  }

  /** @internal */
  protected override unread(): number {
    return this.#received.size;
  }
}

/** A look at a message that goes to somebody else; EMFILE takes the look away, not the message. */
function copyTo<M extends Message>(deferred: Deferred<M | null>, message: M): void {
  try {
    deferred.resolve(message.copy() as M);
  } catch (error) {
    deferred.reject(error);
  }
}
