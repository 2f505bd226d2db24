// Messages, read from the receive slab into objects that are the user's to keep.
import { Buffer } from 'node:buffer';
import { markAsUntransferable } from 'node:worker_threads';
import { addressFromKernel, UnixAddress } from '../core/address.js';
import { CONSTRUCTING, checkConstructing } from '../core/constructing.js';
import type { Credentials } from '../core/credentials.js';
import { fdsChannel, messageChannel, publishFds, publishMessage } from '../core/diagnostics.js';
import { check } from '../core/errors.js';
import { closeAll, duplicates } from '../core/fd-like.js';
import { FileDescriptor, OWNED } from '../core/file-descriptor.js';
import { View } from '../core/node-internals.js';
import { bare } from '../native/bare.js';
import { native } from '../native/binding.js';
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
  truncated: TRUNCATED,
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

const none: readonly FileDescriptor[] = Object.freeze([]);

/** A message as it was received. `fds` and `pidfd` are the receiver's to close. */
export class Message {
  /** The bytes, the receiver's to keep, in an ArrayBuffer of their own, which may be transferred. */
  readonly data: Buffer & {
    /** Of this message alone. */
    readonly buffer: ArrayBuffer;
  };
  /** Bytes the sender sent: more than `data.length` only when `truncated`. */
  readonly size: number;
  /** Whether `data` is only the beginning, because of `maxMessageSize`. */
  readonly truncated: boolean;
  /**
   * Whether descriptors were lost on the way: for want of `maxFds`, or because the process could
   * open no more (EMFILE).
   */
  readonly controlTruncated: boolean;
  /** Descriptors that came with it, in order, at most `maxFds`. */
  readonly fds: readonly FileDescriptor[];
  /** Its sender's, as the kernel checked them; null unless the socket has `credentials: true`. */
  readonly credentials: Credentials | null;
  /** A pidfd of its sender; null unless the socket has `pidfds: true` (Linux 6.5). */
  readonly pidfd: PidFd | null;

  /** @internal */
  constructor(
    key: typeof CONSTRUCTING,
    data: Buffer,
    size: number,
    flags: number,
    ancillary: ReceivedAncillary | undefined,
  ) {
    checkConstructing(key, 'Message', 'receive() of a socket');
    this.data = data as typeof this.data;
    this.size = size;
    this.truncated = (flags & TRUNCATED) !== 0;
    this.controlTruncated = (flags & CONTROL_TRUNCATED) !== 0 || ancillary?.dropped === true;
    this.fds = ancillary === undefined ? none : ancillary.fds;
    this.credentials = ancillary === undefined ? null : ancillary.credentials;
    this.pidfd = ancillary === undefined ? null : ancillary.pidfd;
  }

  /** @internal The same message once more, with descriptors of its own. */
  copy(): Message {
    return new Message(
      CONSTRUCTING,
      Buffer.from(this.data),
      this.size,
      this.flags,
      this.copyAncillary(),
    );
  }

  /** @internal */
  protected get flags(): number {
    return (this.truncated ? TRUNCATED : 0) | (this.controlTruncated ? CONTROL_TRUNCATED : 0);
  }

  /** @internal */
  protected copyAncillary(): ReceivedAncillary {
    const { credentials, pidfd } = this;
    const fds = duplicates(
      this.fds.map(({ fd }) => fd),
      'peeked at',
    );
    try {
      return { fds, credentials, pidfd: pidfd === null ? null : copyOf(pidfd), dropped: false };
    } catch (error) {
      closeAll(fds);
      throw error;
    }
  }
}

function copyOf({ fd }: PidFd): PidFd {
  return new PidFd(
    CONSTRUCTING,
    check('dup', native.descriptors.duplicate(fd)),
    'a pidfd that was peeked at',
  );
}

/** The ancillary data of one message. */
interface ReceivedAncillary {
  fds: readonly FileDescriptor[];
  credentials: Credentials | null;
  pidfd: PidFd | null;
  /** Descriptors over `maxFds` were closed. */
  dropped: boolean;
}

/** A datagram: a message with its sender's address. */
export class Datagram extends Message {
  /** The address, or its bytes. */
  #from: UnixAddress | Buffer;

  /** @internal `from`: the sender's address, or its bytes. */
  constructor(
    key: typeof CONSTRUCTING,
    data: Buffer,
    size: number,
    flags: number,
    ancillary: ReceivedAncillary | undefined,
    from: UnixAddress | Buffer,
  ) {
    checkConstructing(key, 'Datagram', 'receive() of a UnixDatagram');
    super(key, data, size, flags, ancillary);
    this.#from = from;
  }

  /**
   * The address its sender is bound to: an answer to it reaches the sender or fails. For a long path it is
   * another name of the same socket; unnamed if the sender is bound to none, or to a path that means another
   * file in this process. So do not compare it with the path the sender was bound to; keep and compare
   * `from` values. docs/datagrams.md says more. Made when it is first read.
   */
  get from(): UnixAddress {
    if (!(this.#from instanceof UnixAddress)) this.#from = addressFromKernel(this.#from);
    return this.#from;
  }

  /** @internal */
  override copy(): Datagram {
    const data = Buffer.from(this.data);
    return new Datagram(CONSTRUCTING, data, this.size, this.flags, this.copyAncillary(), this.from);
  }
}

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
    fds: count === 0 ? none : descriptorsAt(count, receiver),
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
