// Reads received messages from the receive slab.
import type { Buffer } from 'node:buffer';
import { markAsUntransferable } from 'node:worker_threads';
import { UnixAddress } from '../core/address.js';
import { CONSTRUCTING } from '../core/constructing.js';
import type { Credentials } from '../core/credentials.js';
import { fdsChannel, messageChannel, publishFds, publishMessage } from '../core/diagnostics.js';
import { FileDescriptor, OWNED } from '../core/file-descriptor.js';
import { View } from '../core/node-internals.js';
import { bare } from '../native/bare.js';
import { native } from '../native/binding.js';
import { Datagram, Message, NO_FDS, type ReceivedAncillary } from './message.js';
import { PidFd } from './pidfd.js';

const { layout, slab } = native;
/** The indexes of the numbers below (`Layout`). */
const {
  header: HEADER,
  stride: STRIDE,
  offset: OFFSET,
  length: LENGTH,
  size: SIZE,
  flags: FLAGS,
  addressLength: ADDRESS_LENGTH,
  source: SOURCE,
  lent: LENT,
  controlTruncated: CONTROL_TRUNCATED,
  ancillary: ANCILLARY,
  own: OWN,
  hasCredentials: HAS_CREDENTIALS,
  pid: PID,
  uid: UID,
  gid: GID,
  pidfd: PIDFD,
  dropped: DROPPED,
  rights: RIGHTS,
} = layout;
/** What the last receive brought. */
const messageNumbers = new Int32Array(
  slab.numbers.buffer,
  slab.numbers.byteOffset,
  layout.metaLength,
);
/** What `takeAncillary` found. */
const ancillaryNumbers = new Int32Array(
  slab.numbers.buffer,
  slab.numbers.byteOffset + 4 * layout.metaLength,
);

/** Returns number `at` of what the last receive brought. */
const numberAt = (at: number): number => messageNumbers[at] as number;
/** Returns number `at` of what `takeAncillary` found. */
const ancillaryNumberAt = (at: number): number => ancillaryNumbers[at] as number;

const chunks: Buffer[] = [];
const ids: number[] = [0, 0, 0];

/** The memory of a source. The addon makes a new one in place of one that was detached. */
function chunkOf(source: number): Buffer {
  const id = numberAt(source);
  if (id !== ids[source]) {
    chunks[source] = slab.chunk(source);
    ids[source] = id;
    // Those who have a part of it must not take the whole.
    if (source === LENT) markAsUntransferable((chunks[source] as Buffer).buffer);
  }
  return chunks[source] as Buffer;
}

/** Where the fields of message `index` begin. */
const fieldsOf = (index: number): number => HEADER + index * STRIDE;

/** The bytes of message `index` alone. */
export function dataAt(index: number, receiver: Receiver): Buffer {
  const data = sliceAt(index);
  if (messageChannel.hasSubscribers) publishMessage(receiver, 'received', data);
  return data;
}

/** The bytes of message `index`: the receiver's whole, unless they are lent. */
function sliceAt(index: number): Buffer {
  const at = fieldsOf(index);
  const length = numberAt(at + LENGTH);
  if (!isOwn(at)) return bytesIn(at, 0, length);
  const taken = slab.take(index);
  return taken.length === length ? taken : new View(taken.buffer, taken.byteOffset, length);
}

/** The bytes of the sender's address, as those of a message; undefined where it has none. */
function addressAt(at: number): Buffer | undefined {
  const length = numberAt(at + ADDRESS_LENGTH);
  if (length === 0) return undefined;
  return bytesIn(at, isOwn(at) ? 0 : numberAt(at + LENGTH), length);
}

const isOwn = (at: number): boolean => (numberAt(at + FLAGS) & OWN) !== 0;

/** Bytes of the chunk that a message lies in: a view of what is lent, a copy of all else. */
function bytesIn(at: number, behind: number, length: number): Buffer {
  const source = numberAt(at + SOURCE);
  const { buffer, byteOffset } = chunkOf(source);
  const offset = byteOffset + numberAt(at + OFFSET) + behind;
  if (source === LENT) return new View(buffer, offset, length);
  // V8 keeps up to 64 bytes in the object itself, without an ArrayBuffer.
  const copy = new View(length);
  copy.set(new Uint8Array(buffer, offset, length));
  return copy;
}

/** Whether message `index` brought control messages, or lost some. */
export function hasControlAt(index: number): boolean {
  const flags = numberAt(fieldsOf(index) + FLAGS);
  return (flags & (ANCILLARY | CONTROL_TRUNCATED)) !== 0;
}

/** The socket that receives a message. */
export interface Receiver {
  /** The most descriptors a message may bring; any more are closed. */
  readonly maxFds: number;
  /** What it is, for warnings. */
  describe(): string;
}

/** Message `index` of the slab. Tells nobody of it: `publishReceived` does. */
export function messageAt(index: number, receiver: Receiver): Message {
  const at = fieldsOf(index);
  const flags = numberAt(at + FLAGS);
  const size = numberAt(at + SIZE);
  return new Message(
    CONSTRUCTING,
    sliceAt(index),
    size,
    flags,
    receivedAncillary(index, flags, receiver),
  );
}

/** As `messageAt`, with the sender's address. */
export function datagramAt(index: number, receiver: Receiver): Datagram {
  const at = fieldsOf(index);
  const flags = numberAt(at + FLAGS);
  return new Datagram(
    CONSTRUCTING,
    sliceAt(index),
    numberAt(at + SIZE),
    flags,
    receivedAncillary(index, flags, receiver),
    addressAt(at) ?? UnixAddress.unnamed,
  );
}

/**
 * Tells that these were received. Only once all messages of a receive are made: whoever hears of them may
 * receive on another socket, and the slab is shared.
 */
export function publishReceived(receiver: Receiver, received: readonly Message[]): void {
  if (!messageChannel.hasSubscribers && !fdsChannel.hasSubscribers) return;
  for (const message of received) {
    const { data, fds } = message;
    if (fds.length > 0) publishFds(receiver, 'received', fds);
    if (!messageChannel.hasSubscribers) continue;
    publishMessage(receiver, 'received', data, message instanceof Datagram ? message.from : null);
  }
}

function receivedAncillary(
  index: number,
  flags: number,
  receiver: Receiver,
): ReceivedAncillary | undefined {
  if ((flags & ANCILLARY) === 0) {
    if ((flags & CONTROL_TRUNCATED) !== 0 && receiver.maxFds === 0) warnRefused(receiver);
    return undefined;
  }
  const count = slab.takeAncillary(index, receiver.maxFds);
  const dropped = ancillaryNumberAt(DROPPED) > 0;
  if (dropped && receiver.maxFds === 0) warnRefused(receiver);
  const pidfd = ancillaryNumberAt(PIDFD);
  // All are owned by number already: none is lost if one of these is the last that runs.
  return {
    fds: count === 0 ? NO_FDS : descriptorsAt(count, receiver),
    credentials: credentials(),
    pidfd: pidfd < 0 ? null : new PidFd(CONSTRUCTING, pidfd, receiver.describe()),
    dropped,
  };
}

function descriptorsAt(count: number, receiver: Receiver): FileDescriptor[] {
  const origin = receiver.describe();
  const fds: FileDescriptor[] = [];
  for (let i = 0; i < count; i++) {
    fds.push(new FileDescriptor(ancillaryNumberAt(RIGHTS + i), origin, OWNED));
  }
  return fds;
}

function credentials(): Credentials | null {
  if (ancillaryNumberAt(HAS_CREDENTIALS) === 0) return null;
  return {
    pid: ancillaryNumberAt(PID),
    uid: ancillaryNumberAt(UID) >>> 0,
    gid: ancillaryNumberAt(GID) >>> 0,
  };
}

let warned = false;

function warnRefused(receiver: Receiver): void {
  if (warned) return;
  warned = true;
  process.emitWarning(
    `${receiver.describe()} was sent descriptors, which it refused: make it with the option \`maxFds\` to accept them. Further ones are refused without a warning; the message's \`controlTruncated\` tells.`,
    bare({ type: 'Warning', code: 'AFUNIX_FDS_REFUSED' }),
  );
}
