import type { Beside } from '../core/ancillary.js';
import type { Credentials } from '../core/credentials.js';
import { systemError } from '../core/errors.js';
import { closeAll, duplicates } from '../core/fd-like.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import { Backoff } from '../io/backoff.js';
import { Allowance } from '../io/budget.js';
import { Operation } from '../io/deferred.js';
import type { SendQueueLimit } from '../io/message-options.js';
import { Fifo } from '../io/queue.js';
import { Retry } from '../io/retry-timer.js';
import { type Handle, native, WRITABLE } from '../native/binding.js';
import type { Route } from './destination.js';
import { RoomProbe, type RoomWaiter } from './room-probe.js';

const errno = (name: string): number => -(native.errnos[name] as number);
const EAGAIN = errno('EAGAIN');
const ENOTCONN = errno('ENOTCONN');
const ECONNREFUSED = errno('ECONNREFUSED');
const ENOBUFS = errno('ENOBUFS');

/** Messages that one turn of the loop sends at most, so that no receiver who keeps up stops it. */
export const MESSAGES = 2048;

/** Messages of as many sends that go out by one call. */
const TOGETHER = 64;

/**
 * When the peer goes in the middle of a sendmmsg(2), the call tells how many went and drops the error; the
 * next one finds no peer. `cut`: the one before was such a call.
 */
function causeOf(result: number, cut: boolean): number {
  return result === ENOTCONN && cut ? ECONNREFUSED : result;
}

/** Messages to one destination that settle together: one, or many with nothing beside them. */
class Batch {
  readonly operation: Operation<void>;
  #data: readonly Uint8Array[];
  /** Duplicates, closed when the message has gone or will not go. */
  readonly #fds: readonly FileDescriptor[];
  readonly #credentials: Credentials | undefined;
  #next = 0;
  #bytes = 0;
  /** The last sendmmsg(2) stopped before its end. */
  #cut = false;
  #error: Error | undefined;

  constructor(
    operation: Operation<void>,
    data: readonly Uint8Array[],
    fds: readonly FileDescriptor[] = [],
    credentials?: Credentials,
  ) {
    this.operation = operation;
    this.#data = data;
    this.#fds = fds;
    this.#credentials = credentials;
    for (const message of data) this.#bytes += message.length;
  }

  /** Messages that have not been sent. */
  get size(): number {
    return this.#data.length - this.#next;
  }

  /** Their bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The message, if it is only one, with nothing beside it. */
  get plain(): Uint8Array | undefined {
    const alone = this.#data.length === 1 && this.#beside() === undefined;
    return alone ? this.#data[0] : undefined;
  }

  /** Makes copies of them: what waits is not the caller's memory. */
  keep(): void {
    this.#data = this.#data.slice(this.#next).map((message) => Buffer.from(message));
    this.#next = 0;
  }

  /** Sends what can and may be sent now; false if the rest has to wait. */
  advance(route: Route, allowance: Allowance): boolean {
    const data = this.#data;
    const beside = this.#beside();
    while (this.#next < data.length) {
      if (!allowance.left) return false;
      const single = this.#next === data.length - 1;
      const result = single
        ? route.send(data[this.#next] as Uint8Array, beside)
        : route.sendMany(data, this.#next);
      if (result === EAGAIN) return false;
      if (result < 0) {
        this.#error ??= systemError('send', causeOf(result, this.#cut), route.address);
      }
      const next = this.#next + (single || result < 0 ? 1 : result);
      this.#cut = result >= 0 && next < data.length;
      const before = this.#bytes;
      const count = next - this.#next;
      for (; this.#next < next; this.#next++) {
        this.#bytes -= (data[this.#next] as Uint8Array).length;
      }
      allowance.spend(before - this.#bytes, count);
      // Most likely for want of room: where poll(2) tells, it tells of an error as well.
      if (this.#cut && route.polled) return false;
    }
    return true;
  }

  #beside(): Beside | undefined {
    if (this.#fds.length === 0 && this.#credentials === undefined) return undefined;
    return { fds: this.#fds.map(({ fd }) => fd), credentials: this.#credentials };
  }

  /** Settles the operation; `error`: none of the rest will go. */
  settle(error: Error | undefined = this.#error): void {
    this.release();
    if (error === undefined) this.operation.resolve();
    else this.operation.reject(error);
  }

  release(): void {
    closeAll(this.#fds);
  }
}

/** The writable event of one socket, for all of its queues. */
export class WritableEvent {
  readonly handle: Handle;
  #waiting: Set<SendQueue> | undefined;

  constructor(handle: Handle) {
    this.handle = handle;
  }

  /** Calls `queue.flush()` at the next event. Returns 0 or -errno. */
  wait(queue: SendQueue): number {
    this.#waiting ??= new Set();
    this.#waiting.add(queue);
    return this.handle.waitWritable();
  }

  cancel(queue: SendQueue): void {
    if (this.#waiting?.delete(queue) && this.#waiting.size === 0) this.handle.stop(WRITABLE);
  }

  /** The handle's event. */
  deliver(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const queue of waiting ?? []) queue.flush();
  }
}

/**
 * The messages that wait to go to one destination, in order. They hold up no other destination. They wait until
 * poll(2) tells of room: in the socket's own send buffer, or in the receiver. A socket that is not connected to the
 * receiver has a probe for that; where none can be had, a timer.
 */
export class SendQueue implements RoomWaiter {
  readonly #writable: WritableEvent;
  readonly #route: Route;
  readonly #limit: Readonly<Required<SendQueueLimit>>;
  readonly #empty: () => void;
  readonly #batches = new Fifo<Batch>();
  readonly #backoff = new Backoff(1, 64);
  #size = 0;
  #bytes = 0;
  readonly #retry = new Retry();
  #probe: RoomProbe | undefined;
  /** The last sendmmsg(2) of plain messages stopped before its end. */
  #cut = false;
  #referenced = true;

  /** `empty` is called each time nothing waits any more. */
  constructor(
    writable: WritableEvent,
    route: Route,
    limit: Readonly<Required<SendQueueLimit>>,
    empty: () => void = () => {},
  ) {
    this.#writable = writable;
    this.#route = route;
    this.#limit = limit;
    this.#empty = empty;
  }

  /** How many messages wait. */
  get size(): number {
    return this.#size;
  }

  /** Their bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Throws ENOBUFS if so much more may not wait. */
  admit(messages: number, bytes: number): void {
    const limit = this.#limit;
    if (this.#size + messages <= limit.messages && this.#bytes + bytes <= limit.bytes) return;
    const error = systemError('send', ENOBUFS, this.#route.address);
    error.message += `: sendQueueLimit is ${limit.messages} messages, ${limit.bytes} bytes`;
    throw error;
  }

  /** Queues a copy of a message that has just met EAGAIN, or others that wait. */
  add(
    data: Uint8Array,
    beside: Beside | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const fds = this.#prepare(data, beside?.fds);
    try {
      const operation = new Operation<void>(signal, () => this.#cancel(batch));
      const batch = new Batch(operation, [data], fds, beside?.credentials);
      return this.#push(batch);
    } catch (error) {
      closeAll(fds);
      if (this.#size === 0) this.#empty();
      throw error;
    }
  }

  #prepare(data: Uint8Array, fds: readonly number[] | undefined): FileDescriptor[] {
    try {
      this.admit(1, data.length);
      return duplicates(fds);
    } catch (error) {
      if (this.#size === 0) this.#empty();
      throw error;
    }
  }

  /**
   * Sends messages as long as there is room, as many as a turn of the loop may, and queues copies of the
   * rest, whatever the limit.
   */
  addMany(data: readonly Uint8Array[], allowance: Allowance): Promise<void> {
    const batch = new Batch(new Operation<void>(), data);
    if (this.#size > 0 || !batch.advance(this.#route, allowance)) return this.#push(batch);
    batch.settle();
    this.#empty();
    return batch.operation.promise;
  }

  #push(batch: Batch): Promise<void> {
    const first = this.#size === 0;
    batch.keep();
    this.#batches.push(batch);
    this.#size += batch.size;
    this.#bytes += batch.bytes;
    if (first) this.#wait();
    return batch.operation.promise;
  }

  #cancel(batch: Batch): void {
    this.#batches.remove(batch);
    this.#size -= batch.size;
    this.#bytes -= batch.bytes;
    batch.release();
    if (this.#size === 0) this.#end();
  }

  /**
   * Sends what can be sent now, and waits for the rest. An error is its own message's alone. Returns whether
   * anything went.
   */
  flush(): boolean {
    const allowance = new Allowance(MESSAGES);
    const waited = this.#size;
    for (let first = this.#batches.peek(); first !== undefined; first = this.#batches.peek()) {
      const size = this.#size;
      const done =
        first.plain === undefined ? this.#advance(first, allowance) : this.#advancePlain(allowance);
      if (this.#size < size) this.#backoff.reset();
      if (!done) {
        this.#wait();
        return this.#size < waited;
      }
    }
    this.#end();
    return true;
  }

  onRoom(): boolean {
    this.#probe = undefined;
    return this.flush();
  }

  #advance(batch: Batch, allowance: Allowance): boolean {
    const { size, bytes } = batch;
    const done = batch.advance(this.#route, allowance);
    this.#size -= size - batch.size;
    this.#bytes -= bytes - batch.bytes;
    if (!done) return false;
    this.#batches.shift();
    batch.settle();
    return true;
  }

  /** The messages at the front that were sent one by one go together, as those of a batch do. */
  #advancePlain(allowance: Allowance): boolean {
    if (!allowance.left) return false;
    const batches: Batch[] = [];
    const data: Uint8Array[] = [];
    for (const batch of this.#batches) {
      const message = batch.plain;
      if (message === undefined || data.length === TOGETHER) break;
      batches.push(batch);
      data.push(message);
    }
    const result = this.#route.sendMany(data, 0);
    if (result === EAGAIN) return false;
    const error =
      result < 0 ? systemError('send', causeOf(result, this.#cut), this.#route.address) : undefined;
    const count = Math.max(result, 1);
    for (const batch of batches.slice(0, count)) {
      // Whoever heard that it was sent may have emptied the queue.
      if (!this.#batches.remove(batch)) continue;
      this.#size -= 1;
      this.#bytes -= batch.bytes;
      allowance.spend(batch.bytes);
      batch.settle(error);
    }
    this.#cut = result >= 0 && count < data.length;
    return !(this.#cut && this.#route.polled);
  }

  /** Rejects everything. */
  settle(error: Error): void {
    this.#size = this.#bytes = 0;
    for (const batch of this.#batches.drain()) batch.settle(error);
    this.#end();
  }

  /** Whether waiting for a timer keeps the process alive. */
  setReference(referenced: boolean): this {
    this.#referenced = referenced;
    this.#retry.setReference(referenced);
    this.#probe?.updateReference();
    return this;
  }

  get referenced(): boolean {
    return this.#referenced;
  }

  /** Whether a probe watches the destination. */
  get probed(): boolean {
    return this.#probe !== undefined;
  }

  #wait(): void {
    this.#stopWaiting();
    const { address, polled } = this.#route;
    const ownBuffer = !polled && this.#writable.handle.isSendBufferFull() === 1;
    if (polled || ownBuffer) {
      const result = this.#writable.wait(this);
      if (result < 0) {
        this.settle(systemError('poll', result));
        return;
      }
      if (polled) return;
    } else if (address !== undefined) {
      this.#probe = RoomProbe.of(address);
      if (this.#probe?.wait(this)) return;
      this.#probe = undefined;
    }
    // For want of a descriptor; or of the event, which needs three quarters of the buffer free: other receivers, who
    // take nothing, may hold more.
    this.#retry.after(this.#backoff.next(), () => this.flush());
  }

  #stopWaiting(): void {
    this.#retry.cancel();
    this.#probe?.cancel(this);
    this.#probe = undefined;
    this.#writable.cancel(this);
  }

  #end(): void {
    this.#stopWaiting();
    this.#empty();
  }
}
