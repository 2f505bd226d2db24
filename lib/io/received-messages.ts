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
import { viewOf } from './caller-memory.js';
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
  sender: SENDER,
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
  hasTimestamp: HAS_TIMESTAMP,
  timestamp: TIMESTAMP,
  rights: RIGHTS,
} = layout;
/** The numbers of the messages of the last receive. */
const messageNumbers = new Int32Array(
  slab.numbers.buffer,
  slab.numbers.byteOffset,
  layout.metaLength,
);
/** The numbers of the ancillary data that `takeAncillary` found. */
const ancillaryNumbers = new Int32Array(
  slab.numbers.buffer,
  slab.numbers.byteOffset + 4 * layout.metaLength,
);

/** Returns one of `messageNumbers`. */
const numberAt = (at: number): number => messageNumbers[at] as number;
/** Returns one of `ancillaryNumbers`. */
const ancillaryNumberAt = (at: number): number => ancillaryNumbers[at] as number;

const chunks: Buffer[] = [];
const ids: number[] = [0, 0, 0];

/** Returns the memory of a source. The addon makes a new one in place of one that was detached. */
function chunkOf(source: number): Buffer {
  const id = numberAt(source);
  if (id !== ids[source]) {
    chunks[source] = slab.chunk(source);
    ids[source] = id;
    parts[source] = [];
    // A program that gets a part of this memory must not transfer the whole.
    if (source === LENT) markAsUntransferable((chunks[source] as Buffer).buffer);
  }
  return chunks[source] as Buffer;
}

/** Returns the index of the first number of message `index`. */
const fieldsOf = (index: number): number => HEADER + index * STRIDE;

/** Returns the bytes of message `index` alone, and publishes them. */
export function dataAt(index: number, receiver: Receiver): Buffer {
  const data = sliceAt(index);
  if (messageChannel.hasSubscribers) publishMessage(receiver, 'received', data);
  return data;
}

/** Returns the bytes of message `index`. They are the receiver's, unless they are lent. */
function sliceAt(index: number): Buffer {
  const at = fieldsOf(index);
  const length = numberAt(at + LENGTH);
  if (!isOwn(at)) return bytesAt(index, at, length);
  const taken = slab.take(index);
  return taken.length === length ? taken : new View(taken.buffer, taken.byteOffset, length);
}

let sender: Buffer | undefined;
let senderNumber = 0;

/**
 * Returns the bytes of the sender's address, or undefined if it has none. One sender after the other has most often the
 * same address, and then the same bytes.
 */
function addressAt(at: number): Buffer | undefined {
  const number = numberAt(at + SENDER);
  if (number === 0) return undefined;
  if (number !== senderNumber) {
    const { buffer, byteOffset } = chunkOf(numberAt(at + SOURCE));
    const behind = isOwn(at) ? 0 : numberAt(at + LENGTH);
    const start = byteOffset + numberAt(at + OFFSET) + behind;
    sender = new View(numberAt(at + ADDRESS_LENGTH));
    sender.set(new Uint8Array(buffer, start, sender.length));
    senderNumber = number;
  }
  return sender;
}

const isOwn = (at: number): boolean => (numberAt(at + FLAGS) & OWN) !== 0;

/** Returns the bytes of a message: a view if they are lent, else a copy. */
function bytesAt(index: number, at: number, length: number): Buffer {
  if (numberAt(at + SOURCE) !== LENT) return copyAt(index, at, length);
  const { buffer, byteOffset } = chunkOf(LENT);
  return new View(buffer, byteOffset + numberAt(at + OFFSET), length);
}

/** Returns a copy of the bytes of a message. */
function copyAt(index: number, at: number, length: number): Buffer {
  // V8 keeps up to 64 bytes in the object itself, without an ArrayBuffer.
  const copy = new View(length);
  copy.set(partAt(index, at, length));
  return copy;
}

/** The views that messages were copied from last, by source and index. Those that come next most often lie there, too. */
const parts: Uint8Array[][] = [[], [], []];

/** Returns the bytes of a message in the memory that it lies in. */
function partAt(index: number, at: number, length: number): Uint8Array {
  const source = numberAt(at + SOURCE);
  const chunk = chunkOf(source);
  const start = chunk.byteOffset + numberAt(at + OFFSET);
  const known = (parts[source] as Uint8Array[])[index];
  if (known !== undefined && known.byteOffset === start && known.length === length) return known;
  const part = new Uint8Array(chunk.buffer, start, length);
  (parts[source] as Uint8Array[])[index] = part;
  return part;
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
  /** Whether one that the kernel refused keeps its place. */
  readonly fdPlaceholders: boolean;
  /** Names the socket in warnings. */
  describe(): string;
}

/** Returns the bytes of message `index`, as `sliceAt`, or as a view of the caller's memory that they were received into. */
function bytesIn(buffer: Uint8Array | undefined, index: number): Buffer {
  return buffer === undefined ? sliceAt(index) : viewOf(buffer, numberAt(fieldsOf(index) + LENGTH));
}

/** Makes message `index` of the slab, or of the memory that it was received into. `publishReceived` publishes it. */
export function messageAt(index: number, receiver: Receiver, buffer?: Uint8Array): Message {
  const at = fieldsOf(index);
  const flags = numberAt(at + FLAGS);
  const size = numberAt(at + SIZE);
  return new Message(
    CONSTRUCTING,
    bytesIn(buffer, index),
    size,
    flags,
    receivedAncillary(index, flags, receiver),
  );
}

/** Makes datagram `index` of the slab, as `messageAt` makes a message. */
export function datagramAt(index: number, receiver: Receiver, buffer?: Uint8Array): Datagram {
  const at = fieldsOf(index);
  const flags = numberAt(at + FLAGS);
  return new Datagram(
    CONSTRUCTING,
    bytesIn(buffer, index),
    numberAt(at + SIZE),
    flags,
    receivedAncillary(index, flags, receiver),
    addressAt(at) ?? UnixAddress.unnamed,
  );
}

/**
 * Publishes received messages. Call this when all messages of a receive are made: a subscriber may receive on another
 * socket, and all sockets share the slab.
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
  const count = slab.takeAncillary(index, receiver.maxFds, receiver.fdPlaceholders);
  let dropped = ancillaryNumberAt(DROPPED) > 0;
  if (dropped && receiver.maxFds === 0) warnRefused(receiver);
  const pidfd = ancillaryNumberAt(PIDFD);
  // The addon owns all descriptors by number already, so none is lost if one of these lines throws.
  const fds = count === 0 ? NO_FDS : descriptorsAt(count, receiver);
  if (receiver.fdPlaceholders) dropped ||= fds.some(({ refusal }) => refusal !== null);
  return {
    fds,
    credentials: credentials(),
    pidfd: pidfd < 0 ? null : new PidFd(CONSTRUCTING, pidfd, receiver.describe()),
    timestamp: timestamp(),
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

const timeWords = new Int32Array(2);
const time = new Float64Array(timeWords.buffer);

function timestamp(): number | null {
  if (ancillaryNumberAt(HAS_TIMESTAMP) === 0) return null;
  timeWords[0] = ancillaryNumberAt(TIMESTAMP);
  timeWords[1] = ancillaryNumberAt(TIMESTAMP + 1);
  return time[0] as number;
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
