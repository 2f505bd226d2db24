import { CONSTRUCTING } from '../core/constructing.js';
import { messageChannel, publishMessage } from '../core/diagnostics.js';
import { check, invalidState, systemError } from '../core/errors.js';
import { closeAll } from '../core/fd-like.js';
import { View } from '../core/node-internals.js';
import { kRearm } from '../core/symbols.js';
import { bufferOf, checkSignal, isLost } from '../core/validate.js';
import { MAX_BYTES_PER_TURN } from '../io/budget.js';
import { Message } from '../io/message.js';
import {
  dataAt,
  hasControlAt,
  messageAt,
  publishReceived,
  type Receiver,
} from '../io/received-messages.js';
import { type Handle, READABLE } from '../native/binding.js';
import { EAGAIN } from '../native/errno.js';
import { Speculation } from './speculation.js';
import { WaitQueue } from './wait-queue.js';

/** The fewest bytes that a read is counted as, so that at most 256 reads are done in a turn of the event loop. */
const MIN_BYTES_COUNTED = MAX_BYTES_PER_TURN >> 8;
/** Returned by a read that found nothing. */
const NOTHING = Symbol('nothing');

/** Where a read puts the bytes: the caller's memory; null: the slab's; undefined: a whole message. */
type Memory = Uint8Array | null | undefined;

type ReadResult = Buffer | Message | null;

/** The reads of a stream socket, in order. Each is done at once if it can be, else when the socket is readable. */
export class ReadQueue {
  readonly #handle: Handle;
  readonly #socket: Receiver;
  readonly #reads = new WaitQueue<ReadResult, Memory>(this);
  readonly #speculation = new Speculation(31);
  /** A message with descriptors that a `read()` received. It waits for `receive()`. */
  #held: Message | undefined;
  /** Bytes that may still be read before the event loop gets its turn. */
  #budget = MAX_BYTES_PER_TURN;

  constructor(handle: Handle, socket: Receiver) {
    this.#handle = handle;
    this.#socket = socket;
  }

  /** Whether it holds a message that was received and not taken. */
  get holds(): boolean {
    return this.#held !== undefined;
  }

  read(buffer: Memory, signal: AbortSignal | undefined): Promise<ReadResult> {
    try {
      checkSignal(signal);
      const memory = buffer == null ? buffer : bufferOf('buffer', buffer);
      const first = this.#reads.size === 0;
      if (!first || !this.#shouldTry()) return this.#reads.wait(memory, signal, first);
      const result = this.#take(memory, true);
      this.#speculation.record(result !== NOTHING);
      return result === NOTHING ? this.#reads.wait(memory, signal, false) : Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #shouldTry(): boolean {
    return this.#held !== undefined || (this.#budget > 0 && this.#speculation.shouldTry());
  }

  /** Serves the reads that wait. `result` is that of the receive that the addon made before its event. */
  resume(result: number): void {
    let received: number | undefined = result;
    this.#budget = MAX_BYTES_PER_TURN;
    for (let { first } = this.#reads; first !== undefined; first = this.#reads.first) {
      const memory = first.wants;
      if (this.#budget <= 0) break;
      try {
        const taken =
          received !== undefined && this.#intoSlab(memory)
            ? this.#accept(memory, received)
            : this.#take(memory, false);
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

  /** Rejects the reads that wait, and drops the message that is held. */
  rejectAll(error: Error): void {
    this.#reads.rejectAll(error);
    closeAll(this.#held?.fds ?? []);
    this.#held?.pidfd?.close();
    this.#held = undefined;
  }

  /** @internal Waits for what the first read wants. */
  [kRearm](): void {
    const { first } = this.#reads;
    if (first === undefined) {
      this.#handle.stop(READABLE);
      return;
    }
    // The addon can receive into the slab before it calls, but not into the caller's memory.
    const result = this.#handle.waitReadable(this.#intoSlab(first.wants) ? 1 : 0);
    if (result < 0) this.rejectAll(systemError('poll', result));
  }

  /** Whether to receive into the slab, which alone has room for ancillary data. */
  #intoSlab(memory: Memory): boolean {
    return memory == null || this.#socket.maxFds > 0;
  }

  /** Reads now. With `wait` it arms the event if there is nothing. */
  #take(memory: Memory, wait: boolean): ReadResult | typeof NOTHING {
    const handle = this.#handle;
    if (this.#held !== undefined) return this.#convert(this.#held, memory);
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
    this.#held = undefined;
    if (memory === undefined) return message;
    if (message.fds.length > 0 || (message.controlTruncated && this.#socket.maxFds > 0)) {
      this.#held = message;
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
      this.#held = message;
      throw lostMemoryError();
    }
    const length = Math.min(data.length, memory.byteLength);
    data.copy(memory, 0, 0, length);
    if (length < data.length) {
      this.#held = new Message(
        CONSTRUCTING,
        data.subarray(length),
        data.length - length,
        0,
        undefined,
      );
    }
    return viewOf(memory, length);
  }
}

/** Makes the error of a read whose memory was detached or shrank while it waited. No byte was read. */
function lostMemoryError(): Error {
  return invalidState('buffer was detached, or shrank, while the read waited');
}

/** Returns a Buffer over the first `length` bytes of the caller's memory. */
function viewOf(memory: Uint8Array, length: number): Buffer {
  return memory instanceof Buffer && length === memory.length
    ? memory
    : new View(memory.buffer, memory.byteOffset, length);
}
