// Buffers that go out together: one sendmsg(2) of many iovecs, and what is left of them after it.
import type { Credentials } from './credentials.js';
import { messages, tellFds, tellMessage } from './diagnostics.js';
import { invalidState } from './errors.js';
import { type Handle, native } from './native.js';

/** More buffers in one call are EMSGSIZE. */
const IOV_MAX = native.constants.IOV_MAX as number;

/** The bytes of all of them. */
export function lengthOf(buffers: readonly Uint8Array[]): number {
  let length = 0;
  for (const buffer of buffers) length += buffer.length;
  return length;
}

/** What waited is not what was to be written any more. */
export function changedError(): Error {
  return invalidState('data was detached, or resized, while it waited to be written');
}

/** Sends to the peer, once. Returns how many bytes went, or -errno. */
export function sendBytes(handle: Handle, data: Uint8Array): number {
  const result = handle.send(data, undefined, 0);
  if (messages.hasSubscribers && result >= 0) {
    tellMessage(handle.owner, 'sent', data.subarray(0, result));
  }
  return result;
}

/** Sends once, what is beside the bytes with the first. Returns how many bytes went, or -errno. */
export function sendVector(
  handle: Handle,
  buffers: readonly Uint8Array[],
  rights: readonly number[] | undefined,
  credentials?: Credentials,
): number {
  if (buffers.length === 1 && rights === undefined && credentials === undefined) {
    return sendBytes(handle, buffers[0] as Uint8Array);
  }
  const some = buffers.length > IOV_MAX ? buffers.slice(0, IOV_MAX) : buffers;
  const result = handle.sendMessage(
    some.length === 1 ? (some[0] as Uint8Array) : some,
    undefined,
    rights,
    credentials,
    0,
  );
  if (result >= 0) {
    if (rights !== undefined) tellFds(handle.owner, 'sent', rights);
    if (messages.hasSubscribers) {
      tellMessage(handle.owner, 'sent', Buffer.concat(some, result));
    }
  }
  return result;
}

/** What is left after `count` bytes of them. */
export function advance(buffers: Uint8Array[], count: number): Uint8Array[] {
  let left = count;
  let index = 0;
  for (; index < buffers.length; index++) {
    const { length } = buffers[index] as Uint8Array;
    if (left < length) break;
    left -= length;
  }
  if (index === buffers.length) return [];
  const rest = index === 0 ? buffers : buffers.slice(index);
  if (left > 0) rest[0] = (rest[0] as Uint8Array).subarray(left);
  return rest;
}
