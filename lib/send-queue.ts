import { Backoff } from './backoff.js';
import type { Credentials } from './credentials.js';
import { systemError } from './errors.js';
import { Fifo } from './fifo.js';
import type { FileDescriptor } from './file-descriptor.js';
import { type Handle, native } from './native.js';
import { Operation } from './operation.js';
import { closeAll } from './sendable.js';

const EAGAIN = -(native.errnos.EAGAIN as number);

/** A message that could not go out at once. */
export interface QueuedMessage {
  readonly data: Uint8Array;
  /** Duplicates, closed when the message has gone or will not go. */
  readonly fds: readonly FileDescriptor[];
  readonly credentials: Credentials | undefined;
  readonly operation: Operation<void>;
}

/** Sends one message now. Returns the handle's result: bytes, or -errno. */
export function sendNow(
  handle: Handle,
  data: Uint8Array,
  to: Uint8Array | undefined,
  fds: readonly number[] | undefined,
  credentials: Credentials | undefined,
): number {
  return fds === undefined && credentials === undefined
    ? handle.send(data, to, 0)
    : handle.sendMessage([data], to, fds, credentials, 0);
}

/**
 * The messages that wait to go to one destination, in order. To the connected peer, `to` undefined,
 * they wait until the socket is writable. To any other, poll(2) says writable whether the receiver's
 * queue has room or not: they wait for a timer, with back-off, and hold up no other destination.
 */
export class SendQueue {
  readonly #handle: Handle;
  readonly #to: Uint8Array | undefined;
  readonly #address: unknown;
  readonly #empty: () => void;
  readonly #messages = new Fifo<QueuedMessage>();
  readonly #backoff = new Backoff(1, 64);
  #timer: NodeJS.Timeout | undefined;
  #referenced = true;

  /** `empty` is called each time nothing waits any more. */
  constructor(
    handle: Handle,
    to: Uint8Array | undefined,
    address: unknown,
    empty: () => void = () => {},
  ) {
    this.#handle = handle;
    this.#empty = empty;
    this.#to = to;
    this.#address = address;
  }

  get size(): number {
    return this.#messages.size;
  }

  /** Queues a message that has just met EAGAIN, or the messages before it. */
  add(
    data: Uint8Array,
    fds: readonly FileDescriptor[],
    credentials: Credentials | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const operation = new Operation<void>(signal, () => {
      this.#messages.remove(message);
      closeAll(message.fds);
      if (this.#messages.size > 0) return;
      clearTimeout(this.#timer);
      this.#empty();
    });
    const message: QueuedMessage = { data, fds, credentials, operation };
    this.#messages.push(message);
    if (this.#messages.size === 1) this.#wait();
    return operation.promise;
  }

  /** Sends what can be sent now, and waits for the rest. An error is its own message's alone. */
  flush(): void {
    for (let first = this.#messages.peek(); first !== undefined; first = this.#messages.peek()) {
      const fds = first.fds.length === 0 ? undefined : first.fds.map(({ fd }) => fd);
      const result = sendNow(this.#handle, first.data, this.#to, fds, first.credentials);
      if (result === EAGAIN) {
        this.#wait();
        return;
      }
      this.#backoff.reset();
      this.#messages.shift();
      closeAll(first.fds);
      if (result < 0) first.operation.reject(systemError('send', result, this.#address));
      else first.operation.resolve();
    }
    this.#empty();
  }

  /** Rejects everything. */
  settle(error: Error): void {
    clearTimeout(this.#timer);
    for (const message of this.#messages.drain()) {
      closeAll(message.fds);
      message.operation.reject(error);
    }
  }

  /** Whether waiting for a destination keeps the process alive. */
  setReference(referenced: boolean): void {
    this.#referenced = referenced;
    if (referenced) this.#timer?.ref();
    else this.#timer?.unref();
  }

  #wait(): void {
    if (this.#to === undefined) {
      const result = this.#handle.waitWritable();
      if (result < 0) this.settle(systemError('poll', result));
      return;
    }
    this.#timer = setTimeout(() => this.flush(), this.#backoff.next());
    if (!this.#referenced) this.#timer.unref();
  }
}
