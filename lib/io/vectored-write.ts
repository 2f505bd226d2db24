// Buffers that go out together, by one sendmsg(2) with many iovecs, and what is left of them after it.
import type { Credentials } from '../core/credentials.js';
import { messageChannel, publishFds, publishMessage } from '../core/diagnostics.js';
import { invalidState } from '../core/errors.js';
import type { Handle } from '../native/binding.js';
import { IOV_MAX } from '../native/constants.js';

/** Returns the number of bytes of all buffers. */
export function lengthOf(buffers: readonly Uint8Array[]): number {
  let length = 0;
  for (const buffer of buffers) length += buffer.length;
  return length;
}

/** Makes the error of a write whose memory was detached or resized while it waited. */
export function changedError(): Error {
  return invalidState('data was detached, or resized, while it waited to be written');
}

/** Sends to the peer, once. Returns how many bytes went, or -errno. */
export function sendBytes(handle: Handle, data: Uint8Array): number {
  const result = handle.send(data, undefined, 0);
  if (messageChannel.hasSubscribers && result >= 0) {
    publishMessage(handle.owner, 'sent', data.subarray(0, result));
  }
  return result;
}

/** Sends up to IOV_MAX buffers, once. Returns how many bytes went, or -errno. */
export function sendVector(
  handle: Handle,
  buffers: readonly Uint8Array[],
  rights: readonly number[] | undefined,
  credentials?: Credentials,
): number {
  if (buffers.length === 1 && rights === undefined && credentials === undefined) {
    return sendBytes(handle, buffers[0] as Uint8Array);
  }
  const data = buffers.length === 1 ? (buffers[0] as Uint8Array) : buffers;
  const result = handle.sendMessage(data, undefined, rights, credentials, 0);
  if (result >= 0) {
    if (rights !== undefined) publishFds(handle.owner, 'sent', rights);
    if (messageChannel.hasSubscribers) {
      publishMessage(handle.owner, 'sent', Buffer.concat(buffers, result));
    }
  }
  return result;
}

/** Buffers that go out one after the other, and how far they have gone. */
export class VectoredWrite {
  /** The bytes that are left. */
  bytes: number;
  /** Whether the last send took less than it was offered: there is no more room. */
  cut = false;
  readonly #buffers: Uint8Array[];
  /** The index of the first buffer that is left. */
  #next = 0;

  /** Takes the array over, not its buffers' memory. */
  constructor(buffers: Uint8Array[]) {
    this.#buffers = buffers;
    this.bytes = lengthOf(buffers);
  }

  /** Whether the caller's memory still has all of them. */
  get intact(): boolean {
    let length = 0;
    for (let at = this.#next; at < this.#buffers.length; at++) length += this.#at(at).length;
    return length === this.bytes;
  }

  /** Whether it goes out together with others. */
  get plain(): boolean {
    return true;
  }

  /** Appends what is left to `buffers`, up to IOV_MAX of them: more are EMSGSIZE. Returns the bytes. */
  gather(buffers: Uint8Array[]): number {
    let bytes = 0;
    for (let at = this.#next; at < this.#buffers.length && buffers.length < IOV_MAX; at++) {
      const buffer = this.#at(at);
      buffers.push(buffer);
      bytes += buffer.length;
    }
    return bytes;
  }

  /** Sends once, ancillary data with the first byte. Returns how many bytes went, or -errno. */
  send(handle: Handle, rights: readonly number[] | undefined, credentials?: Credentials): number {
    const buffers: Uint8Array[] = [];
    const bytes = this.gather(buffers);
    const result = sendVector(handle, buffers, rights, credentials);
    this.cut = result < bytes;
    if (result > 0) this.advance(result);
    return result;
  }

  /** Drops the first `count` bytes, which were sent. */
  advance(count: number): void {
    this.bytes -= count;
    let left = count;
    while (this.#next < this.#buffers.length && left >= this.#at(this.#next).length) {
      left -= this.#at(this.#next).length;
      this.#next++;
    }
    if (left > 0) this.#buffers[this.#next] = this.#at(this.#next).subarray(left);
  }

  #at(index: number): Uint8Array {
    return this.#buffers[index] as Uint8Array;
  }
}
