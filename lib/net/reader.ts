// The receiving side of a Socket of afunix/net: into the stream, or into the memory of `onread`.
import { types } from 'node:util';
import type { Credentials } from '../core/credentials.js';
import { messageChannel, publishMessage } from '../core/diagnostics.js';
import { invalidArgValue, invalidState, systemError } from '../core/errors.js';
import { closeAll } from '../core/fd-like.js';
import type { Message } from '../io/message.js';
import {
  dataAt,
  hasControlAt,
  messageAt,
  publishReceived,
  type Receiver,
} from '../io/received-messages.js';
import { type Handle, READABLE } from '../native/binding.js';
import { EAGAIN } from '../native/errno.js';
import type { OnReadOptions } from './options.js';

/** The stream that gets the bytes. */
interface Reader {
  readonly destroyed: boolean;
  push(chunk: Buffer | null): boolean;
  read(size: number): unknown;
  emit(event: string, ...values: unknown[]): boolean;
  destroy(error: Error): unknown;
}

/** Receives from when the stream asks for data until its buffer is full. */
export class SocketInput {
  /** Bytes received so far. */
  bytes = 0;
  /** Whether received bytes go to the caller's own memory. */
  readonly own: boolean;
  readonly #socket: Reader;
  readonly #receiver: Receiver;
  readonly #onread: OnReadOptions | undefined;
  #memory: Uint8Array | undefined;
  #reading = false;
  #sender: Credentials | undefined;

  /** Throws ERR_INVALID_ARG_VALUE for memory without a byte. */
  constructor(socket: Reader, receiver: Receiver, onread: OnReadOptions | undefined) {
    this.#socket = socket;
    this.#receiver = receiver;
    this.#onread = onread;
    this.own = onread !== undefined;
    if (onread !== undefined && typeof onread.buffer !== 'function') this.prepare();
  }

  /** Gets the memory of `onread`. Throws ERR_INVALID_ARG_VALUE for memory without a byte. */
  prepare(): void {
    if (this.#onread !== undefined) this.#memory = memoryOf(this.#onread);
  }

  /** Begins to receive. */
  start(handle: Handle): void {
    if (this.#reading) return;
    this.#reading = true;
    const result = handle.startReceiving(this.own ? 0 : 1, false);
    if (result < 0) this.#socket.destroy(systemError('read', result));
  }

  /** Stops receiving. `handle` is null once it is closed. */
  stop(handle: Handle | null): void {
    if (!this.#reading) return;
    this.#reading = false;
    handle?.stop(READABLE);
  }

  /** Handles a readable event. `result` is that of the receive that was asked for. */
  receive(handle: Handle, result: number): void {
    if (this.#onread !== undefined) this.#readOwn(handle, this.#onread);
    else if (result > 0) this.#push(handle);
    else this.#end(handle, result);
  }

  #push(handle: Handle): void {
    const socket = this.#socket;
    let data: Buffer;
    if (hasControlAt(0)) {
      const message = messageAt(0, this.#receiver);
      data = message.data;
      message.pidfd?.close(); // an adopted socket may have SO_PASSPIDFD on
      publishReceived(this.#receiver, [message]);
      this.#emitAncillary(message);
      if (socket.destroyed) return;
    } else {
      data = dataAt(0, this.#receiver);
    }
    this.bytes += data.length;
    if (!socket.push(data)) this.stop(handle);
  }

  /** Emits the ancillary data of a message, before its bytes are pushed. */
  #emitAncillary(message: Message): void {
    const { fds, credentials, controlTruncated } = message;
    if (credentials !== null && !sameSender(credentials, this.#sender)) {
      this.#sender = credentials;
      this.#socket.emit('credentials', credentials);
    }
    if (fds.length === 0 && !controlTruncated) return;
    if (!this.#socket.emit('fds', fds, controlTruncated)) closeAll(fds);
  }

  #readOwn(handle: Handle, onread: OnReadOptions): void {
    const memory = this.#memory as Uint8Array;
    if (memory.length === 0) {
      // A read into it would return 0, which means the end of the stream.
      this.stop(handle);
      this.#socket.destroy(invalidState('onread.buffer was detached, or shrank'));
      return;
    }
    const result = handle.read(memory, 0);
    if (result === EAGAIN) return;
    if (result <= 0) {
      this.#end(handle, result);
      return;
    }
    this.bytes += result;
    if (messageChannel.hasSubscribers)
      publishMessage(this.#socket, 'received', memory.subarray(0, result));
    const { buffer, callback } = onread;
    if (callback.call(this.#socket, result, memory) === false) this.stop(handle);
    if (typeof buffer !== 'function') return;
    const next: unknown = buffer();
    if (types.isUint8Array(next)) this.#memory = next; // else the same again, as node:net
  }

  #end(handle: Handle, result: number): void {
    this.stop(handle);
    if (result < 0) {
      this.#socket.destroy(systemError('read', result));
      return;
    }
    this.#socket.push(null);
    this.#socket.read(0);
  }
}

function memoryOf({ buffer }: OnReadOptions): Uint8Array {
  const memory = typeof buffer === 'function' ? buffer() : buffer;
  if (!types.isUint8Array(memory) || memory.byteLength === 0) {
    throw invalidArgValue(
      'options.onread.buffer',
      'must be a Uint8Array that is not empty',
      memory,
    );
  }
  return memory;
}

function sameSender(one: Credentials, other: Credentials | undefined): boolean {
  return one.pid === other?.pid && one.uid === other.uid && one.gid === other.gid;
}
