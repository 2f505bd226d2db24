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

/** Returns one of `ancillaryNumbers`. */
const ancillaryNumberAt = (at: number): number => ancillaryNumbers[at] as number;

// What follows runs for each message: few functions, because V8 compiles each of them when a process begins to receive.

const chunks: Buffer[] = [];
const ids: number[] = [0, 0, 0];
/** The views that messages were copied from last, by source and index. Those that come next most often lie there, too. */
const parts: Uint8Array[][] = [[], [], []];

/** Returns the memory of a source. The addon makes a new one in place of one that was detached. */
function chunkOf(source: number): Buffer {
  const id = messageNumbers[source] as number;
  if (id !== ids[source]) {
    chunks[source] = slab.chunk(source);
    ids[source] = id;
    parts[source] = [];
    // A program that gets a part of this memory must not transfer the whole.
    if (source === LENT) markAsUntransferable((chunks[source] as Buffer).buffer);
  }
  return chunks[source] as Buffer;
}

/** Returns the bytes of message `index` alone, and publishes them. */
export function dataAt(index: number, receiver: Receiver): Buffer {
  const data = sliceAt(index);
  if (messageChannel.hasSubscribers) publishMessage(receiver, 'received', data);
  return data;
}

/** Returns the bytes of message `index`. They are the receiver's, unless they are lent. */
function sliceAt(index: number): Buffer {
  const at = HEADER + index * STRIDE;
  const length = messageNumbers[at + LENGTH] as number;
  if (((messageNumbers[at + FLAGS] as number) & OWN) !== 0) return takeOwn(index, length);
  const source = messageNumbers[at + SOURCE] as number;
  const chunk = chunkOf(source);
  const start = chunk.byteOffset + (messageNumbers[at + OFFSET] as number);
  if (source === LENT) return new View(chunk.buffer, start, length);
  const known = parts[source] as Uint8Array[];
  let part = known[index];
  if (part === undefined || part.byteOffset !== start || part.length !== length) {
    part = known[index] = new Uint8Array(chunk.buffer, start, length);
  }
  // V8 keeps up to 64 bytes in the object itself, without an ArrayBuffer.
  const copy = new View(length);
  copy.set(part);
  return copy;
}

/** Returns the bytes of a message that has memory of its own. */
function takeOwn(index: number, length: number): Buffer {
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
  const number = messageNumbers[at + SENDER] as number;
  if (number === 0) return undefined;
  if (number !== senderNumber) {
    sender = copyAddress(at);
    senderNumber = number;
  }
  return sender;
}

/** Returns a copy of the sender's address, which lies behind the bytes of its message, or where they would. */
function copyAddress(at: number): Buffer {
  const { buffer, byteOffset } = chunkOf(messageNumbers[at + SOURCE] as number);
  const own = ((messageNumbers[at + FLAGS] as number) & OWN) !== 0;
  const behind = own ? 0 : (messageNumbers[at + LENGTH] as number);
  const start = byteOffset + (messageNumbers[at + OFFSET] as number) + behind;
  const address = new View(messageNumbers[at + ADDRESS_LENGTH] as number);
  address.set(new Uint8Array(buffer, start, address.length));
  return address;
}

/** Whether message `index` brought control messages, or lost some. */
export function hasControlAt(index: number): boolean {
  const flags = messageNumbers[HEADER + index * STRIDE + FLAGS] as number;
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

/** Makes message `index` of the slab, or of the memory that it was received into. `publishReceived` publishes it. */
export function messageAt(index: number, receiver: Receiver, buffer?: Uint8Array): Message {
  const at = HEADER + index * STRIDE;
  const flags = messageNumbers[at + FLAGS] as number;
  return new Message(
    CONSTRUCTING,
    buffer === undefined ? sliceAt(index) : viewOf(buffer, messageNumbers[at + LENGTH] as number),
    messageNumbers[at + SIZE] as number,
    flags,
    flags === 0 ? undefined : receivedAncillary(index, flags, receiver),
  );
}

/** Makes datagram `index` of the slab, as `messageAt` makes a message. */
export function datagramAt(index: number, receiver: Receiver, buffer?: Uint8Array): Datagram {
  const at = HEADER + index * STRIDE;
  const flags = messageNumbers[at + FLAGS] as number;
  return new Datagram(
    CONSTRUCTING,
    buffer === undefined ? sliceAt(index) : viewOf(buffer, messageNumbers[at + LENGTH] as number),
    messageNumbers[at + SIZE] as number,
    flags,
    flags === 0 ? undefined : receivedAncillary(index, flags, receiver),
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
