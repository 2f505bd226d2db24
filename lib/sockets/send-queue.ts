import type { Ancillary } from '../core/ancillary.js';
import { Deferred } from '../core/deferred.js';
import { systemError } from '../core/errors.js';
import { closeAll, duplicates } from '../core/fd-like.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import { RetryTimer } from '../core/retry-timer.js';
import { Budget, MAX_SENT_PER_TURN } from '../io/budget.js';
import type { SendQueueLimit } from '../io/message-options.js';
import { Queue } from '../io/queue.js';
import { sendError } from '../io/send-error.js';
import { type Handle, MAX_SEND_MANY, WRITABLE } from '../native/binding.js';
import { EAGAIN, ENOBUFS } from '../native/errno.js';
import { causeOf, type Destination } from './destination.js';
import { PendingBatch } from './pending-batch.js';
import { RoomProbe, type RoomWaiter } from './room-probe.js';

/** Milliseconds between two tries where nothing announces room. */
const FIRST_WAIT = 1;
const LONGEST_WAIT = 64;

/** The writable event of one socket, for all of its queues. */
export class WritableEvent {
  readonly handle: Handle;
  /** Whether messages to other receivers than the connected peer may be in the socket's buffer. */
  shared = false;
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

  /** Handles the event. */
  deliver(): void {
    // A program that learns that a message went may end the wait of another queue, or begin one.
    for (const queue of [...(this.#waiting ?? [])]) if (this.#waiting?.delete(queue)) queue.flush();
  }
}

/**
 * The messages that wait to go to one destination, in order. They hold up no other destination. They wait for the
 * writable event of the socket, or, if it is not connected to the receiver, for that of a probe. If there can be no
 * probe, a timer repeats the send.
 */
export class SendQueue implements RoomWaiter {
  readonly #writable: WritableEvent;
  readonly #destination: Destination;
  readonly #limit: Readonly<Required<SendQueueLimit>>;
  readonly #empty: () => void;
  readonly #batches = new Queue<PendingBatch>();
  readonly #retry = new RetryTimer();
  #size = 0;
  #bytes = 0;
  #probe: RoomProbe | undefined;
  /** Whether the last sendmmsg(2) stopped before its end. */
  #cut = false;
  /** Whether it waits for the socket's own buffer, not for the receiver. */
  #ownBuffer = false;
  #referenced = true;

  /** `empty` is called each time the queue has become empty. */
  constructor(
    writable: WritableEvent,
    destination: Destination,
    limit: Readonly<Required<SendQueueLimit>>,
    empty: () => void = () => {},
  ) {
    this.#writable = writable;
    this.#destination = destination;
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

  /** Whether a probe watches the destination. */
  get probed(): boolean {
    return this.#probe !== undefined;
  }

  /** Throws ENOBUFS if the limit does not admit these messages and bytes. */
  admit(messages: number, bytes: number): void {
    const limit = this.#limit;
    if (this.#size + messages <= limit.messages && this.#bytes + bytes <= limit.bytes) return;
    const hint = `sendQueueLimit is ${limit.messages} messages, ${limit.bytes} bytes`;
    throw systemError('send', ENOBUFS, this.#destination.address, { hint });
  }

  /** Queues a copy of a message that has just met EAGAIN, or that has others before it. */
  add(
    data: Uint8Array,
    ancillary: Ancillary | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    let fds: readonly FileDescriptor[] | undefined;
    try {
      this.admit(1, data.length);
      const copy = Buffer.from(data);
      fds = ancillary?.fds && duplicates(ancillary.fds);
      const onAbort = signal && ((): void => this.#cancel(batch));
      const deferred = new Deferred<void>(signal, onAbort);
      const batch = new PendingBatch(deferred, [copy], fds, ancillary?.credentials);
      this.#push(batch);
      if (this.#size === 1) this.#wait(true);
      return deferred.promise;
    } catch (error) {
      if (fds !== undefined) closeAll(fds);
      if (this.#size === 0) this.#empty();
      throw error;
    }
  }

  /** Sends messages as far as there is room and the budget goes, and queues copies of the rest, whatever the limit. */
  addMany(data: readonly Uint8Array[], budget: Budget): Promise<void> {
    const batch = new PendingBatch(new Deferred<void>(), data);
    const alone = this.#size === 0;
    this.#push(batch);
    const done = alone && this.#send(budget);
    if (batch.size > 0) batch.copy();
    if (done) this.#end();
    else if (alone) this.#wait(true);
    return batch.deferred.promise;
  }

  #push(batch: PendingBatch): void {
    this.#batches.push(batch);
    this.#size += batch.size;
    this.#bytes += batch.bytes;
  }

  #cancel(batch: PendingBatch): void {
    this.#batches.remove(batch);
    this.#size -= batch.size;
    this.#bytes -= batch.bytes;
    batch.release();
    if (this.#size === 0) this.#end();
  }

  /**
   * Sends what can be sent now, and waits for the rest. An error rejects the message that met it alone. Returns
   * whether anything went.
   */
  flush(): boolean {
    const waited = this.#size;
    const done = this.#send(new Budget(MAX_SENT_PER_TURN));
    const sent = this.#size < waited;
    if (sent) this.#retry.reset();
    if (done) this.#end();
    else this.#wait(!sent);
    return sent;
  }

  onRoom(): boolean {
    this.#probe = undefined;
    return this.flush();
  }

  /** Sends until it must wait. Returns whether nothing is left. */
  #send(budget: Budget): boolean {
    for (let first = this.#batches.peek(); first !== undefined; first = this.#batches.peek()) {
      if (!budget.left) return false;
      const { ancillary } = first;
      const destination = this.#destination;
      const messages = this.#front();
      const [data] = messages as [Uint8Array];
      const single = messages.length === 1;
      const result = single ? destination.send(data, ancillary) : destination.sendMany(messages);
      if (result === EAGAIN) return false;
      const count = single || result < 0 ? 1 : result;
      const { handle } = this.#writable;
      const cause = causeOf(result, this.#cut);
      const error =
        result < 0 ? sendError(handle, cause, ancillary, data, destination.address) : undefined;
      this.#cut = result >= 0 && count < messages.length;
      this.#advance(count, error, budget);
      // Most likely there is no more room. If it was an error, the event comes at once, and the next call gets it.
      if (this.#cut) return false;
    }
    return true;
  }

  /** The messages at the front that one call sends: one with ancillary data goes alone. */
  #front(): Uint8Array[] {
    const messages: Uint8Array[] = [];
    for (const batch of this.#batches) {
      const alone = batch.ancillary !== undefined;
      if (messages.length === MAX_SEND_MANY || (alone && messages.length > 0)) break;
      batch.gather(messages, MAX_SEND_MANY - messages.length);
      if (alone) break;
    }
    return messages;
  }

  /** Takes `count` messages off the front: they were sent, or failed. */
  #advance(count: number, error: Error | undefined, budget: Budget): void {
    const done: PendingBatch[] = [];
    for (let left = count; left > 0; ) {
      const batch = this.#batches.peek();
      if (batch === undefined) break; // who was told of a message closed the socket
      const taken = Math.min(left, batch.size);
      const bytes = batch.advance(taken, error);
      left -= taken;
      this.#size -= taken;
      this.#bytes -= bytes;
      budget.spend(bytes, taken);
      if (batch.size > 0) break;
      this.#batches.shift();
      done.push(batch);
    }
    // Last: a program that learns of it may close the socket, or send.
    for (const batch of done) batch.settle();
  }

  /** Rejects all messages, by one error. It is made only if there are any. */
  rejectAll(make: () => Error): void {
    if (this.#size > 0) {
      const error = make();
      this.#size = this.#bytes = 0;
      for (const batch of this.#batches.drain()) batch.settle(error);
    }
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

  /**
   * Waits for room. `ask`: whether it may be the socket's own buffer that is full, which takes a system call to find out.
   * After a part went it most likely is the receiver.
   */
  #wait(ask: boolean): void {
    this.#stopWaiting();
    const { address, polled } = this.#destination;
    this.#ownBuffer =
      !polled && (ask || this.#ownBuffer) && this.#writable.handle.isSendBufferFull() === 1;
    if (polled || this.#ownBuffer) {
      const result = this.#writable.wait(this);
      if (result < 0) {
        this.rejectAll(() => systemError('poll', result));
        return;
      }
      if (polled && !this.#writable.shared) return;
    } else if (address !== undefined) {
      this.#probe = RoomProbe.of(address);
      if (this.#probe?.wait(this)) return;
      this.#probe = undefined;
    }
    // There is no probe; or it waits for the socket's own event. That needs three quarters of the buffer free, and other
    // receivers, who take nothing, may hold more than a quarter.
    this.#retry.backOff(FIRST_WAIT, LONGEST_WAIT, () => this.flush());
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
