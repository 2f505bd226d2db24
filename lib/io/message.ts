// Messages as they were received: objects that are the user's to keep.
import type { Buffer } from 'node:buffer';
import { addressFromKernel, UnixAddress } from '../core/address.js';
import { CONSTRUCTING, checkConstructing } from '../core/constructing.js';
import type { Credentials } from '../core/credentials.js';
import { check } from '../core/errors.js';
import { closeAll, copiesOf } from '../core/fd-like.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import { View } from '../core/node-internals.js';
import { native } from '../native/binding.js';
import { viewOf } from './caller-memory.js';
import { PidFd } from './pidfd.js';

const { truncated: TRUNCATED, controlTruncated: CONTROL_TRUNCATED } = native.layout;

export const NO_FDS: readonly FileDescriptor[] = Object.freeze([]);

/** A message as it was received. `fds` and `pidfd` are the receiver's to close. */
export class Message {
  /**
   * The bytes, the receiver's to keep, in an ArrayBuffer of their own, which may be transferred. With `receive({ buffer })`
   * they are a view of that memory.
   */
  readonly data: Buffer & {
    /** The memory of this message alone. */
    readonly buffer: ArrayBuffer;
  };
  /** Bytes the sender sent: more than `data.length` only when `truncated`. */
  readonly size: number;
  /** Whether `data` is only the beginning, because of `maxMessageSize` or the length of `buffer`. */
  readonly truncated: boolean;
  /**
   * Whether descriptors were lost on the way: because they were more than `maxFds`, because the process could open no
   * more (EMFILE), or because a security module refused one.
   */
  readonly controlTruncated: boolean;
  /**
   * Descriptors that came with it, in order, at most `maxFds`, up to the first that was refused. With `fdPlaceholders`
   * that one and those behind it as well, each in its place: a `FileDescriptor` with a `refusal` is closed.
   */
  readonly fds: readonly FileDescriptor[];
  /** Its sender's, as the kernel checked them; null unless the socket has `credentials: true`. */
  readonly credentials: Credentials | null;
  /** A pidfd of its sender; null unless the socket has `pidfds: true` (Linux 6.5). */
  readonly pidfd: PidFd | null;
  /**
   * When it was sent, in milliseconds since the epoch, as `Date.now()`, with a fraction: the kernel counts microseconds of
   * the system's clock (CLOCK_REALTIME), which can be set. Null unless the socket has `timestamps: true`, and on streams.
   */
  readonly timestamp: number | null;

  /** @internal */
  constructor(
    key: typeof CONSTRUCTING,
    data: Buffer,
    size: number,
    flags: number,
    ancillary: ReceivedAncillary | undefined,
  ) {
    if (key !== CONSTRUCTING) checkConstructing(key, 'Message', 'receive() of a socket');
    this.data = data as typeof this.data;
    this.size = size;
    this.truncated = (flags & TRUNCATED) !== 0;
    this.controlTruncated = (flags & CONTROL_TRUNCATED) !== 0 || ancillary?.dropped === true;
    this.fds = ancillary === undefined ? NO_FDS : ancillary.fds;
    this.credentials = ancillary === undefined ? null : ancillary.credentials;
    this.pidfd = ancillary === undefined ? null : ancillary.pidfd;
    this.timestamp = ancillary === undefined ? null : ancillary.timestamp;
  }
}

/** The ancillary data of one message. */
export interface ReceivedAncillary {
  fds: readonly FileDescriptor[];
  credentials: Credentials | null;
  pidfd: PidFd | null;
  timestamp: number | null;
  /** Descriptors were lost. */
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
    if (key !== CONSTRUCTING) checkConstructing(key, 'Datagram', 'receive() of a UnixDatagram');
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
}

/** Returns the message with its bytes in the caller's memory, as many as fit. The descriptors are that message's now. */
export function messageInto<M extends Message>(message: M, memory: Uint8Array): M;
export function messageInto(message: Message, memory: Uint8Array): Message {
  const data = viewOf(memory, Math.min(message.data.length, memory.length));
  message.data.copy(data);
  return withData(message, data, message);
}

/** Returns the same message once more, with descriptors of its own. Throws EMFILE. */
export function copyMessage<M extends Message>(message: M): M;
export function copyMessage(message: Message): Message {
  // Buffer.from() would put it into memory that other Buffers share, which nobody can transfer.
  const data = new View(message.data.length);
  data.set(message.data);
  return withData(message, data, copyAncillary(message));
}

/** Makes a message of another one, with these bytes of it. */
function withData(
  message: Message,
  data: Buffer,
  { fds, credentials, pidfd, timestamp }: Omit<ReceivedAncillary, 'dropped'>,
): Message {
  const { size, controlTruncated } = message;
  const truncated = message.truncated || data.length < message.data.length;
  const flags = (truncated ? TRUNCATED : 0) | (controlTruncated ? CONTROL_TRUNCATED : 0);
  const ancillary = { fds, credentials, pidfd, timestamp, dropped: false };
  return message instanceof Datagram
    ? new Datagram(CONSTRUCTING, data, size, flags, ancillary, message.from)
    : new Message(CONSTRUCTING, data, size, flags, ancillary);
}

function copyAncillary(message: Message): Omit<ReceivedAncillary, 'dropped'> {
  const { fds, credentials, pidfd, timestamp } = message;
  const copies = copiesOf(fds, 'peeked at');
  try {
    const copy = pidfd === null ? null : copyOf(pidfd);
    return { fds: copies, credentials, pidfd: copy, timestamp };
  } catch (error) {
    closeAll(copies);
    throw error;
  }
}

function copyOf({ fd }: PidFd): PidFd {
  return new PidFd(
    CONSTRUCTING,
    check('dup', native.descriptors.duplicate(fd)),
    'a pidfd that was peeked at',
  );
}
