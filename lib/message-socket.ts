import { checkSignal, optionsOf } from './arguments.js';
import { systemError } from './errors.js';
import { Fifo } from './fifo.js';
import type { Message } from './message.js';
import { native, READABLE } from './native.js';
import { Operation } from './operation.js';
import { closeAll } from './sendable.js';
import { UnixSocket } from './socket.js';

const EAGAIN = -(native.errnos.EAGAIN as number);
/** Messages that one turn of the loop takes at most, so that no socket starves another. */
const BATCH = 32;

/** Options of `receive`. */
export interface ReceiveMessageOptions {
  /** Stops waiting, with an `AbortError`. Nothing is lost. */
  signal?: AbortSignal;
}

/** What a socket that receives whole messages has: one reader's queue, promises and iteration. */
export abstract class MessageSocket<M extends Message> extends UnixSocket {
  readonly #waiting = new Fifo<Operation<M | null>>();
  /** Received while iterating, not taken yet. */
  readonly #received = new Fifo<M>();
  #callback: ((messages: M[]) => void) | undefined;
  #ended = false;

  /** @internal Message `index` of the slab. */
  protected abstract messageAt(index: number): M;

  /** @internal The next message; null at the end of the connection. */
  protected next(options: ReceiveMessageOptions | undefined, batch: number): Promise<M | null> {
    try {
      this.live();
      const { signal } = optionsOf(options);
      checkSignal(signal);
      const received = this.#received.shift();
      if (received !== undefined) return Promise.resolve(received);
      if (this.#ended) return Promise.resolve(null);
      if (this.#waiting.size === 0) {
        const result = this.handle.receive(batch, 0);
        if (result > 0) return Promise.resolve(this.#first(result));
        if (result === 0) {
          this.#ended = true;
          return Promise.resolve(null);
        }
        if (result !== EAGAIN) throw systemError('recvmsg', result);
      }
      const operation = new Operation<M | null>(signal, () => {
        this.#waiting.remove(operation);
        if (this.#waiting.size === 0) this.handle.stop(READABLE);
      });
      this.#waiting.push(operation);
      this.#await(batch);
      return operation.promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @internal Messages until the end of the connection or of the socket. */
  protected async *iterate(): AsyncGenerator<M, void, void> {
    for (;;) {
      let message: M | null;
      try {
        message = await this.next(undefined, BATCH);
      } catch (error) {
        if (this.closed) return;
        throw error;
      }
      if (message === null) return;
      yield message;
    }
  }

  /** @internal Every message from now on goes to `callback`, as an array for each wake-up. */
  protected deliver(callback: ((messages: M[]) => void) | null): void {
    const handle = this.live();
    this.#callback = callback ?? undefined;
    if (callback === null) handle.stop(READABLE);
    else this.#check(handle.startReceiving(BATCH));
  }

  /** Takes `count` messages from the slab; all but the first wait for their turn. */
  #first(count: number): M {
    const first = this.messageAt(0);
    for (let index = 1; index < count; index++) this.#received.push(this.messageAt(index));
    return first;
  }

  #await(batch: number): void {
    this.#check(this.handle.waitReadable(batch));
  }

  /** @internal */
  onReadable(result: number): void {
    const callback = this.#callback;
    if (callback !== undefined) {
      if (result > 0) {
        const messages = [this.messageAt(0)];
        for (let index = 1; index < result; index++) messages.push(this.messageAt(index));
        callback(messages);
      }
      return;
    }
    if (result < 0) {
      this.#waiting.shift()?.reject(systemError('recvmsg', result));
    } else if (result === 0) {
      this.#ended = true;
      for (const operation of this.#waiting.drain()) operation.resolve(null);
    } else {
      for (let index = 0; index < result; index++) {
        const message = this.messageAt(index);
        const operation = this.#waiting.shift();
        if (operation === undefined) this.#received.push(message);
        else operation.resolve(message);
      }
    }
    if (this.#waiting.size > 0) this.#await(Math.min(this.#waiting.size, BATCH));
  }

  #check(result: number): void {
    if (result < 0) this.settle(systemError('poll', result));
  }

  /** @internal */
  protected override settle(error: Error): void {
    for (const operation of this.#waiting.drain()) operation.reject(error);
    for (const message of this.#received.drain()) {
      closeAll(message.fds);
      message.pidfd?.close();
    }
    this.#callback = undefined;
  }

  /** @internal */
  protected override unread(): number {
    return this.#received.size;
  }
}
