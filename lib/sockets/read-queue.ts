import { CONSTRUCTING } from '../core/constructing.js';
import { messageChannel, publishMessage } from '../core/diagnostics.js';
import { check, invalidState, systemError } from '../core/errors.js';
import { closeAll } from '../core/fd-like.js';
import { kRearm } from '../core/symbols.js';
import { nextTick } from '../core/timers.js';
import { bufferOf, checkSignal, isLost } from '../core/validate.js';
import { MAX_BYTES_PER_TURN } from '../io/budget.js';
import { lostMemoryError, viewOf } from '../io/caller-memory.js';
import { copyMessage, Message } from '../io/message.js';
import {
  dataAt,
  hasControlAt,
  messageAt,
  publishReceived,
  type Receiver,
} from '../io/received-messages.js';
import { type Handle, native, READABLE } from '../native/binding.js';
import { MSG_PEEK, POLLERR, POLLHUP, POLLIN } from '../native/constants.js';
import { EAGAIN } from '../native/errno.js';
import { ExactRead } from './exact-read.js';
import { Speculation } from './speculation.js';
import { WaitQueue } from './wait-queue.js';

/** The fewest bytes that a read is counted as, so that at most 256 reads are done in a turn of the event loop. */
const MIN_BYTES_COUNTED = MAX_BYTES_PER_TURN >> 8;
/** Returned by a read that found nothing. */
const NOTHING = Symbol('nothing');

/** Returned by a read that is waited for: it is done when the socket is readable. */
const DONE: unique symbol = Symbol('done');

/** Where a read puts the bytes: the caller's memory; null: the slab's; undefined: a whole message. */
type Memory = Uint8Array | null | undefined;

/** Asks for a whole message, which stays where it is. */
export const PEEK: unique symbol = Symbol('peek');
/** Asks whether there is anything to read. */
export const READY: unique symbol = Symbol('ready');

/** What a read asks for. */
export type Wanted = Memory | ExactRead | typeof PEEK | typeof READY;

type ReadResult = Buffer | Message | null | typeof DONE;

/** The reads of a stream socket, in order. Each is done at once if it can be, else when the socket is readable. */
export class ReadQueue {
  readonly #handle: Handle;
  readonly #socket: Receiver;
  readonly #reads = new WaitQueue<ReadResult, Wanted>(this);
  readonly #speculation = new Speculation(31);
  /** What was received and not taken: first the bytes that come first. Taken before anything is read. */
  readonly #held: Message[] = [];
  /** Bytes that may still be read before the event loop gets its turn. */
  #budget = MAX_BYTES_PER_TURN;

  constructor(handle: Handle, socket: Receiver) {
    this.#handle = handle;
    this.#socket = socket;
  }

  /** Whether it holds a message that was received and not taken. */
  get holds(): boolean {
    return this.#held.length > 0;
  }

  read(wants: Wanted, signal: AbortSignal | undefined): Promise<ReadResult> {
    try {
      checkSignal(signal);
      const wanted = isMemory(wants) ? bufferOf('buffer', wants) : wants;
      const first = this.#reads.size === 0;
      if (!first || !this.#shouldTry()) return this.#reads.wait(wanted, signal, first);
      const result = this.#attempt(wanted, true, undefined);
      this.#speculation.record(result !== NOTHING);
      if (result !== NOTHING) return Promise.resolve(result);
      // A read of memory has armed the event. Of the others this is not certain.
      return this.#reads.wait(wanted, signal, wanted != null && !(wanted instanceof Uint8Array));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Reads what is there. Undefined if nothing is, or if other reads wait. */
  tryRead(memory: Memory): ReadResult | undefined {
    const checked = memory == null ? memory : bufferOf('buffer', memory);
    if (this.#reads.size > 0) return undefined;
    const result = this.#take(checked, false);
    return result === NOTHING ? undefined : result;
  }

  #shouldTry(): boolean {
    return this.holds || (this.#budget > 0 && this.#speculation.shouldTry());
  }

  /** Serves the reads that wait. `result` is that of the receive that the addon made before its event. */
  resume(result?: number): void {
    let received = result;
    this.#budget = MAX_BYTES_PER_TURN;
    for (let { first } = this.#reads; first !== undefined; first = this.#reads.first) {
      if (this.#budget <= 0) break;
      try {
        const taken = this.#attempt(first.wants, false, received);
        if (taken === NOTHING) break;
        this.#reads.shift();
        first.resolve(taken);
      } catch (error) {
        this.#reads.shift();
        first.reject(error);
      }
      received = undefined;
    }
    if (this.#reads.size > 0) this[kRearm]();
  }

  /**
   * Serves a read as far as it goes now. `wait`: arms the event if there is nothing. `received`: the result of a receive
   * that was made for it.
   */
  #attempt(
    wants: Wanted,
    wait: boolean,
    received: number | undefined,
  ): ReadResult | typeof NOTHING {
    if (wants instanceof ExactRead) return this.#fillExactly(wants, received);
    if (wants === PEEK) return this.#peek(received);
    if (wants === READY) return received !== undefined || this.#isReady() ? DONE : NOTHING;
    return received !== undefined && this.#intoSlab(wants)
      ? this.#accept(wants, received)
      : this.#take(wants, wait);
  }

  #fillExactly(exact: ExactRead, received: number | undefined): Buffer | null | typeof NOTHING {
    let left = received;
    try {
      while (this.#budget > 0 || this.holds) {
        const taken = this.#attempt(exact.rest, false, left);
        left = undefined;
        if (taken === NOTHING) return NOTHING;
        const result = exact.accept(taken as Buffer | null);
        if (result !== undefined) return result;
      }
      return NOTHING;
    } catch (error) {
      this.#putBack(exact);
      throw error;
    }
  }

  /** Leaves the bytes that an exact read has for the next read. */
  #putBack({ part }: ExactRead): void {
    if (part.length > 0) this.#held.unshift(messageOf(part));
  }

  #peek(received: number | undefined): Message | null | typeof NOTHING {
    const [held] = this.#held;
    if (held !== undefined) return copyMessage(held);
    const result = received ?? this.#handle.receive(1, MSG_PEEK);
    if (result === EAGAIN) return NOTHING;
    if (check('recvmsg', result) === 0) return null;
    return messageAt(0, this.#socket);
  }

  #isReady(): boolean {
    if (this.holds) return true;
    const found = native.raw.poll(this.#handle.fd, POLLIN | POLLERR | POLLHUP);
    return check('poll', found) !== 0;
  }

  /** Rejects the reads that wait, and drops the message that is held. */
  rejectAll(make: () => Error): void {
    this.#reads.rejectAll(make);
    for (const { fds, pidfd } of this.#held.splice(0)) {
      closeAll(fds);
      pidfd?.close();
    }
  }

  /** @internal Waits for what the first read wants. `aborted`: what a read wanted that waits no more. */
  [kRearm](aborted?: Wanted): void {
    if (aborted instanceof ExactRead) this.#putBack(aborted);
    const { first } = this.#reads;
    if (first === undefined || this.holds) {
      this.#handle.stop(READABLE);
      // No event announces what is here already.
      if (first !== undefined) nextTick(() => this.resume());
      return;
    }
    const result = this.#arm(first.wants);
    if (result >= 0) return;
    if (first.wants instanceof ExactRead) this.#putBack(first.wants);
    this.#reads.rejectAll(() => systemError('poll', result));
  }

  /** Arms the event of a read. The addon can receive into the slab before it calls, but not into the caller's memory. */
  #arm(wants: Wanted): number {
    if (wants === PEEK) return this.#handle.waitReadable(1, MSG_PEEK);
    if (wants === READY) return this.#handle.waitReadable(0);
    const memory = wants instanceof ExactRead ? wants.rest : wants;
    return this.#handle.waitReadable(this.#intoSlab(memory) ? 1 : 0);
  }

  /** Whether to receive into the slab, which alone has room for ancillary data. */
  #intoSlab(memory: Memory): boolean {
    return memory == null || this.#socket.maxFds > 0;
  }

  /** Reads now. With `wait` it arms the event if there is nothing. */
  #take(memory: Memory, wait: boolean): ReadResult | typeof NOTHING {
    const handle = this.#handle;
    const held = this.#held.shift();
    if (held !== undefined) return this.#convert(held, memory);
    if (memory == null || this.#socket.maxFds > 0) {
      return this.#accept(memory, wait ? handle.receiveOrWait(1) : handle.receive(1, 0));
    }
    if (memory.length === 0) {
      // A read of no bytes would look like the end of the stream.
      if (isLost(memory)) throw lostMemoryError();
      return viewOf(memory, 0);
    }
    return this.#fill(memory, wait ? handle.readOrWait(memory) : handle.read(memory, 0));
  }

  /** Returns the result of a read into the caller's memory. */
  #fill(memory: Uint8Array, length: number): Buffer | null | typeof NOTHING {
    if (length === EAGAIN) return NOTHING;
    if (check('read', length) === 0) return null;
    this.#budget -= Math.max(length, MIN_BYTES_COUNTED);
    if (length < memory.length) this.#speculation.exhausted();
    const view = viewOf(memory, length);
    if (messageChannel.hasSubscribers) publishMessage(this.#socket, 'received', view);
    return view;
  }

  /** Returns the result of a receive into the slab. */
  #accept(memory: Memory, result: number): ReadResult | typeof NOTHING {
    if (result === EAGAIN) return NOTHING;
    if (check('read', result) === 0) return null;
    if (memory === null && !hasControlAt(0)) {
      const data = dataAt(0, this.#socket);
      this.#budget -= Math.max(data.length, MIN_BYTES_COUNTED);
      return data;
    }
    const message = messageAt(0, this.#socket);
    this.#budget -= Math.max(message.size, MIN_BYTES_COUNTED);
    try {
      return this.#convert(message, memory);
    } finally {
      publishReceived(this.#socket, [message]);
    }
  }

  /**
   * Hands a message out: whole to `receive()`, its bytes to `read()` if it has no descriptors. The rest is held.
   */
  #convert(message: Message, memory: Memory): Buffer | Message {
    if (memory === undefined) return message;
    if (message.fds.length > 0 || (message.controlTruncated && this.#socket.maxFds > 0)) {
      this.#held.unshift(message);
      throw invalidState(
        message.fds.length > 0
          ? 'descriptors came with these bytes; take both with receive()'
          : 'descriptors that came with these bytes were lost; take the bytes with receive()',
      );
    }
    message.pidfd?.close();
    const { data } = message;
    if (memory === null) return data;
    if (memory.length === 0 && isLost(memory)) {
      this.#held.unshift(message);
      throw lostMemoryError();
    }
    const length = Math.min(data.length, memory.byteLength);
    data.copy(memory, 0, 0, length);
    if (length < data.length) {
      this.#held.unshift(messageOf(data.subarray(length)));
    }
    return viewOf(memory, length);
  }
}

/** Makes a message of bytes without ancillary data. */
function messageOf(data: Buffer): Message {
  return new Message(CONSTRUCTING, data, data.length, 0, undefined);
}

function isMemory(wants: Wanted): wants is Uint8Array {
  return wants != null && typeof wants !== 'symbol' && !(wants instanceof ExactRead);
}
