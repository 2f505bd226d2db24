import { CONSTRUCTING } from '../core/constructing.js';
import { messageChannel, publishMessage } from '../core/diagnostics.js';
import { check, invalidState, systemError } from '../core/errors.js';
import { closeAll } from '../core/fd-like.js';
import { View } from '../core/node-internals.js';
import { bufferOf, checkSignal, isLost } from '../core/validate.js';
import { Deferred } from '../io/deferred.js';
import {
  dataAt,
  hasControlAt,
  Message,
  messageAt,
  publishReceived,
  type Receiver,
} from '../io/message.js';
import { Queue } from '../io/queue.js';
import { type Handle, READABLE } from '../native/binding.js';
import { EAGAIN } from '../native/errno.js';
import { Speculation } from './speculation.js';

/** Bytes that one turn of the loop reads at most, so that no peer who keeps up stops it. */
const BUDGET = 2 << 20;
/** What a read counts for, at least. */
const LEAST = BUDGET >> 8;
/** What a read that found nothing returns: it has to wait. */
const LATER = Symbol('later');

/** Where a read puts the bytes: the caller's memory; null: the slab's; undefined: a whole message. */
type Memory = Uint8Array | null | undefined;

/** A read that waits. */
class Read extends Deferred<Buffer | Message | null> {
  readonly memory: Memory;

  constructor(memory: Memory, signal: AbortSignal | undefined, onAbort: (() => void) | undefined) {
    super(signal, onAbort);
    this.memory = memory;
  }
}

/** What a stream socket reads, in order: at once, or when it is readable. */
export class ReadQueue {
  readonly #handle: Handle;
  readonly #socket: Receiver;
  readonly #reads = new Queue<Read>();
  readonly #speculation = new Speculation(31);
  /** A message with descriptors that a `read()` met: it waits for `receive()`. */
  #held: Message | undefined;
  /** Of bytes that may still be read before the loop gets its turn. */
  #budget = BUDGET;

  constructor(handle: Handle, socket: Receiver) {
    this.#handle = handle;
    this.#socket = socket;
  }

  /** Whether it holds a message that was received and not taken. */
  get holds(): boolean {
    return this.#held !== undefined;
  }

  read(buffer: Memory, signal: AbortSignal | undefined): Promise<Buffer | Message | null> {
    const first = this.#reads.size === 0;
    try {
      checkSignal(signal);
      const memory = buffer == null ? buffer : bufferOf('buffer', buffer);
      const now =
        first && (this.#held !== undefined || (this.#budget > 0 && this.#speculation.shouldTry()));
      if (now) {
        const result = this.#take(memory, true);
        this.#speculation.record(result !== LATER);
        if (result !== LATER) return Promise.resolve(result);
      }
      const onAbort = signal === undefined ? undefined : () => this.#forget(read);
      const read = new Read(memory, signal, onAbort);
      this.#reads.push(read);
      if (first && !now) this.#await();
      return read.promise;
    } catch (error) {
      // The signal may have thrown when the receive had been asked for already.
      if (first) this.#handle.stop(READABLE);
      return Promise.reject(error);
    }
  }

  /** The socket is readable. `result`: of the receive that was asked for. */
  resume(result: number): void {
    let received: number | undefined = result;
    this.#budget = BUDGET;
    for (let first = this.#reads.peek(); first !== undefined; first = this.#reads.peek()) {
      const { memory } = first;
      if (this.#budget <= 0) break;
      try {
        const taken =
          received !== undefined && this.#intoSlab(memory)
            ? this.#accept(memory, received)
            : this.#take(memory, false);
        if (taken === LATER) break;
        this.#reads.shift();
        first.resolve(taken);
      } catch (error) {
        this.#reads.shift();
        first.reject(error);
      }
      received = undefined;
    }
    this.#await();
  }

  /** Rejects all of them. */
  discard(error: Error): void {
    for (const read of this.#reads.drain()) read.reject(error);
    closeAll(this.#held?.fds ?? []);
    this.#held?.pidfd?.close();
    this.#held = undefined;
  }

  #forget(read: Read): void {
    this.#reads.remove(read);
    if (this.#reads.size === 0) this.#handle.stop(READABLE);
    else this.#await();
  }

  /** Waits for what the first read wants. */
  #await(): void {
    const first = this.#reads.peek();
    if (first === undefined) return;
    // Into the slab, the addon can read before it calls; into the caller's memory it cannot.
    const result = this.#handle.waitReadable(this.#intoSlab(first.memory) ? 1 : 0);
    if (result < 0) this.discard(systemError('poll', result));
  }

  /** Only the slab has room for what may come beside the bytes. */
  #intoSlab(memory: Memory): boolean {
    return memory == null || this.#socket.maxFds > 0;
  }

  /** Reads now, what a `read` of this kind wants; `wait`: if that is nothing, waits for it. */
  #take(memory: Memory, wait: boolean): Buffer | Message | null | typeof LATER {
    const handle = this.#handle;
    if (this.#held !== undefined) return this.#convert(this.#held, memory);
    if (memory == null || this.#socket.maxFds > 0) {
      return this.#accept(memory, wait ? handle.receiveOrWait(1) : handle.receive(1, 0));
    }
    if (memory.length === 0) {
      // Read into, it would look like the end of the stream.
      if (isLost(memory)) throw lostMemoryError();
      return viewOf(memory, 0);
    }
    return this.#fill(memory, wait ? handle.readOrWait(memory) : handle.read(memory, 0));
  }

  /** What a read into the caller's memory brought. */
  #fill(memory: Uint8Array, length: number): Buffer | null | typeof LATER {
    if (length === EAGAIN) return LATER;
    if (check('read', length) === 0) return null;
    this.#budget -= Math.max(length, LEAST);
    if (length < memory.length) this.#speculation.exhausted();
    const view = viewOf(memory, length);
    if (messageChannel.hasSubscribers) publishMessage(this.#socket, 'received', view);
    return view;
  }

  /** What a receive into the slab brought. */
  #accept(memory: Memory, result: number): Buffer | Message | null | typeof LATER {
    if (result === EAGAIN) return LATER;
    if (check('read', result) === 0) return null;
    if (memory === null && !hasControlAt(0)) {
      const data = dataAt(0, this.#socket);
      this.#budget -= Math.max(data.length, LEAST);
      return data;
    }
    const message = messageAt(0, this.#socket);
    this.#budget -= Math.max(message.size, LEAST);
    try {
      return this.#convert(message, memory);
    } finally {
      publishReceived(this.#socket, [message]);
    }
  }

  /**
   * Hands a message out, to `receive()` whole, to `read()` if it may lose what is beside it. What is not
   * taken is held.
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

/** The caller's memory went while the read waited. Nothing was read. */
function lostMemoryError(): Error {
  return invalidState('buffer was detached, or shrank, while the read waited');
}

/** A Buffer over the first `length` bytes of the caller's memory. */
function viewOf(memory: Uint8Array, length: number): Buffer {
  return memory instanceof Buffer && length === memory.length
    ? memory
    : new View(memory.buffer, memory.byteOffset, length);
}
