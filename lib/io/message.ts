// Messages as they were received: objects that are the user's to keep.
import type { Buffer } from 'node:buffer';
import { addressFromKernel, UnixAddress } from '../core/address.js';
import { CONSTRUCTING, checkConstructing } from '../core/constructing.js';
import type { Credentials } from '../core/credentials.js';
import { check } from '../core/errors.js';
import { closeAll, duplicates } from '../core/fd-like.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import { View } from '../core/node-internals.js';
import { native } from '../native/binding.js';
import { PidFd } from './pidfd.js';

const { truncated: TRUNCATED, controlTruncated: CONTROL_TRUNCATED } = native.layout;

export const NO_FDS: readonly FileDescriptor[] = Object.freeze([]);

/** A message as it was received. `fds` and `pidfd` are the receiver's to close. */
export class Message {
  /** The bytes, the receiver's to keep, in an ArrayBuffer of their own, which may be transferred. */
  readonly data: Buffer & {
    /** The memory of this message alone. */
    readonly buffer: ArrayBuffer;
  };
  /** Bytes the sender sent: more than `data.length` only when `truncated`. */
  readonly size: number;
  /** Whether `data` is only the beginning, because of `maxMessageSize`. */
  readonly truncated: boolean;
  /**
   * Whether descriptors were lost on the way: because they were more than `maxFds`, or because the
   * process could open no more (EMFILE).
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
    this.fds = ancillary === undefined ? NO_FDS : ancillary.fds;
    this.credentials = ancillary === undefined ? null : ancillary.credentials;
    this.pidfd = ancillary === undefined ? null : ancillary.pidfd;
  }
}

/** The ancillary data of one message. */
export interface ReceivedAncillary {
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
}

/** Returns the same message once more, with descriptors of its own. Throws EMFILE. */
export function copyMessage<M extends Message>(message: M): M;
export function copyMessage(message: Message): Message {
  const { size, truncated, controlTruncated } = message;
  // Buffer.from() would put it into memory that other Buffers share, which nobody can transfer.
  const data = new View(message.data.length);
  data.set(message.data);
  const flags = (truncated ? TRUNCATED : 0) | (controlTruncated ? CONTROL_TRUNCATED : 0);
  const ancillary = copyAncillary(message);
  return message instanceof Datagram
    ? new Datagram(CONSTRUCTING, data, size, flags, ancillary, message.from)
    : new Message(CONSTRUCTING, data, size, flags, ancillary);
}

function copyAncillary({ fds, credentials, pidfd }: Message): ReceivedAncillary {
  const copies = duplicates(
    fds.map(({ fd }) => fd),
    'peeked at',
  );
  try {
    return {
      fds: copies,
      credentials,
      pidfd: pidfd === null ? null : copyOf(pidfd),
      dropped: false,
    };
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
