// The functions of afunix/raw for whole messages: bytes, addresses, descriptors, credentials.
import type { Buffer } from 'node:buffer';
import { type AddressLike, addressOfBytes, bytesOfAddress, UnixAddress } from '../core/address.js';
import { type Credentials, credentialsOf } from '../core/credentials.js';
import { check, invalidArgType, invalidArgValue, outOfRange, systemError } from '../core/errors.js';
import { Known } from '../core/known.js';
import {
  bufferOf,
  bytesOf,
  type Data,
  descriptorNumber,
  integer,
  membersOf,
  optionsOf,
  refuseLostSince,
} from '../core/validate.js';
import { type NativeOutgoing, type NativeReceived, native } from '../native/binding.js';
import { MSG_CTRUNC, MSG_TRUNC, SO_TYPE, SOCK_STREAM, SOL_SOCKET } from '../native/constants.js';

const {
  maxRights: MAX_RIGHTS,
  maxVectors: MAX_BUFFERS,
  controlCapacity: CONTROL_CAPACITY,
} = native.layout;

/** A message to send. Every field may be missing: without bytes the message is empty. */
export interface OutgoingMessage {
  /** The bytes, or `buffers`. A string is sent as UTF-8. */
  data?: Data | undefined;
  /** The bytes in up to 1,024 pieces, sent as one message. */
  buffers?: readonly Data[] | undefined;
  /** The destination, for datagram sockets. Without it the message goes to the peer. */
  address?: AddressLike | undefined;
  /**
   * Up to 253 descriptors for the receiver, who gets duplicates (SCM_RIGHTS, unix(7)). The caller
   * keeps its own, and may close them once the call has returned (on macOS: once the message has
   * been received). On a stream they go with the first byte: after a partial send do not send them again.
   */
  rights?: readonly number[] | undefined;
  /**
   * The credentials that the receiver gets for the sender's (SCM_CREDENTIALS, Linux). EPERM unless they are the
   * sender's pid, uid and gid, or the sender may choose them (capabilities(7)).
   */
  credentials?: Credentials | undefined;
}

/**
 * Sends one message and returns how many bytes were sent: on a stream it may be fewer. Errors as of
 * `send` and `sendto`; EBADF if one of `rights` is not open, ETOOMANYREFS if more descriptors than
 * RLIMIT_NOFILE are in flight, EPERM if the receiver has SO_PASSRIGHTS off (Linux 6.16).
 *
 * `ERR_OUT_OF_RANGE` for more than 253 rights or 1,024 buffers; `ERR_INVALID_ARG_VALUE` for rights
 * without a byte on a stream, which the kernel would discard. See sendmsg(2).
 */
export function sendmsg(fd: number, message: OutgoingMessage, flags = 0): number {
  descriptorNumber('fd', fd);
  const outgoing = messageToSend('message', message);
  integer('flags', flags);
  refuseLostSince('message', outgoing.native.buffers);
  refuseLostRights(fd, 'message', outgoing.native);
  return check('sendmsg', native.raw.sendmsg(fd, outgoing.native, flags), outgoing.address);
}

/**
 * Sends several messages in one call and returns how many were sent: at least one, at most 1,024. The
 * error of a later message is left for the next call. On a stream a part of the last one may have gone, and nothing
 * says how much: use `sendmsg` there. Errors and arguments as of `sendmsg`. See sendmmsg(2).
 */
export function sendmmsg(fd: number, messages: readonly OutgoingMessage[], flags = 0): number {
  descriptorNumber('fd', fd);
  if (!Array.isArray(messages)) throw invalidArgType('messages', 'an Array', messages);
  const outgoing = Array.from(messages, (message, i) => messageToSend(`messages[${i}]`, message));
  integer('flags', flags);
  outgoing.forEach((message, i) => {
    refuseLostSince(`messages[${i}]`, message.native.buffers);
    refuseLostRights(fd, `messages[${i}]`, message.native);
  });
  const result = native.raw.sendmmsg(
    fd,
    outgoing.map((message) => message.native),
    flags,
  );
  return check('sendmmsg', result, outgoing[0]?.address);
}

/** A checked message, as the addon takes it. */
interface MessageToSend {
  native: NativeOutgoing;
  address: UnixAddress | undefined;
}

function messageToSend(name: string, message: OutgoingMessage): MessageToSend {
  const parsed = membersOf(message, OUTGOING, name);
  const { data, buffers, rights, credentials } = parsed;
  if (data !== undefined && buffers !== undefined) {
    throw invalidArgValue(name, 'must have either data or buffers', 'both');
  }
  const address = parsed.address === undefined ? undefined : UnixAddress.from(parsed.address);
  return {
    native: {
      buffers:
        data === undefined
          ? piecesOf(`${name}.buffers`, buffers === undefined ? [] : buffers, bytesOf)
          : [bytesOf(`${name}.data`, data)],
      address: address === undefined ? undefined : bytesOfAddress(address),
      rights: rights === undefined ? undefined : rightsOf(`${name}.rights`, rights),
      credentials: credentialsOf(`${name}.credentials`, credentials),
    },
    address,
  };
}

function piecesOf(
  name: string,
  pieces: unknown,
  bytes: (name: string, piece: unknown) => Uint8Array,
): Uint8Array[] {
  if (!Array.isArray(pieces)) throw invalidArgType(name, 'an Array', pieces);
  if (pieces.length > MAX_BUFFERS) {
    throw outOfRange(`${name}.length`, `<= ${MAX_BUFFERS}`, pieces.length);
  }
  // A copy: holes become undefined, and are refused.
  return Array.from(pieces, (piece, i) => bytes(`${name}[${i}]`, piece));
}

function rightsOf(name: string, rights: unknown): number[] {
  if (!Array.isArray(rights)) throw invalidArgType(name, 'an Array', rights);
  if (rights.length > MAX_RIGHTS) {
    throw outOfRange(`${name}.length`, `<= ${MAX_RIGHTS}`, rights.length);
  }
  return Array.from(rights, (fd, i) => descriptorNumber(`${name}[${i}]`, fd));
}

function refuseLostRights(fd: number, name: string, { rights, buffers }: NativeOutgoing): void {
  if (rights === undefined || rights.length === 0) return;
  if (buffers.some((buffer) => buffer.length > 0)) return;
  const type = new Int32Array(1);
  const bytes = new Uint8Array(type.buffer);
  // If this fails, the send fails as well, with its own error.
  if (native.raw.getsockopt(fd, SOL_SOCKET, SO_TYPE, bytes) > 0 && type[0] === SOCK_STREAM) {
    throw invalidArgValue(
      `${name}.rights`,
      'must have at least one byte to ride on: a stream would discard them',
      `${rights.length} descriptors and 0 bytes`,
    );
  }
}

/** Options of a receive. */
export interface ReceiveOptions {
  /**
   * Bytes of room for control messages, 0 to 2,048. Default 2,048: enough for all of them, with 253 descriptors.
   * Descriptors that do not fit are closed, other control messages are dropped, and `controlTruncated` is true.
   */
  controlLength?: number | undefined;
}

/** The memory for a message: one buffer, or up to 1,024, filled one after the other. */
export type ReceiveTarget = NodeJS.ArrayBufferView | readonly NodeJS.ArrayBufferView[];

type Incoming = ReceiveOptions & { buffers: ReceiveTarget };

const OUTGOING = new Known<OutgoingMessage>('a message to send', {
  data: 1,
  buffers: 1,
  address: 1,
  rights: 1,
  credentials: 1,
});
const INCOMING = new Known<Incoming>('recvmsg', { buffers: 1, controlLength: 1 });
const RECEIVE = new Known<ReceiveOptions>('recvmmsg', { controlLength: 1 });

/** A received message. */
export interface ReceivedMessage {
  /** Bytes received; with MSG_TRUNC in the call's flags, the message's real length. */
  length: number;
  /** msg_flags: MSG_TRUNC, MSG_CTRUNC, MSG_CMSG_CLOEXEC, MSG_OOB, MSG_ERRQUEUE. */
  flags: number;
  /** Whether a datagram or packet was truncated to the buffers (MSG_TRUNC). */
  truncated: boolean;
  /**
   * Whether control messages were dropped (MSG_CTRUNC): there was no room, or no descriptor left
   * (EMFILE). The caller owns those in `rights` all the same.
   */
  controlTruncated: boolean;
  /** The sender's address: unnamed if it is bound to none. */
  address: UnixAddress;
  /**
   * Descriptors (SCM_RIGHTS), close-on-exec. The caller closes them; MSG_PEEK gives duplicates. A negative one is no
   * descriptor, but the -errno of one that the kernel refused to this process, in its place: only where somebody has set
   * SO_RIGHTS_NOTRUNC (Linux 7.3) on the socket. Without, the kernel drops it and all behind it.
   */
  rights: number[];
  /** The sender's (SCM_CREDENTIALS), null unless SO_PASSCRED is on. */
  credentials: Credentials | null;
  /** A pidfd of the sender (SCM_PIDFD), null unless SO_PASSPIDFD is on. The caller closes it. */
  pidfd: number | null;
  /** The sender's security label (SCM_SECURITY), null unless SO_PASSSEC is on. */
  security: Buffer | null;
  /** Bytes left to read on a stream (SCM_INQ), null unless SO_INQ is on. */
  inq: number | null;
  /**
   * When it was sent, in milliseconds since the epoch, with a fraction (SCM_TIMESTAMP, SCM_TIMESTAMPNS): null unless
   * SO_TIMESTAMP or SO_TIMESTAMPNS is on, and on streams. A number is exact to a quarter of a microsecond.
   */
  timestamp: number | null;
}

/**
 * Receives one message. `length` is 0 at the end of a stream or connection, and for an empty message;
 * a receive into no bytes at all takes a stream's descriptors, leaves the byte that they came with, and
 * returns 0, too. A stream's message ends where the next one with descriptors begins. EAGAIN if
 * there is nothing to receive (a blocking descriptor waits), ECONNRESET. See recvmsg(2), unix(7).
 */
export function recvmsg(
  fd: number,
  into: ReceiveTarget | (ReceiveOptions & { buffers: ReceiveTarget }),
  flags = 0,
): ReceivedMessage {
  descriptorNumber('fd', fd);
  const isTarget = ArrayBuffer.isView(into) || Array.isArray(into);
  const { buffers: target, controlLength: length } = isTarget
    ? { buffers: into, controlLength: undefined }
    : membersOf(into as Incoming, INCOMING, 'into');
  const buffers = targetOf(isTarget ? 'into' : 'into.buffers', target);
  refuseLostSince('into', buffers);
  const room = controlLength('into.controlLength', length);
  integer('flags', flags);
  const message = native.raw.recvmsg(fd, buffers, room, flags);
  if (typeof message === 'number') throw systemError('recvmsg', message);
  return receivedOf(message);
}

/**
 * Receives several messages in one call, one into each element of `messages`, at most 1,024, and
 * returns those that were received: at least one. At the end of a stream or connection every element gets an
 * empty message. A descriptor made with `{ blocking: true }` waits for all of them, unless `flags` has
 * MSG_WAITFORONE or MSG_DONTWAIT, or a signal comes. Errors as of `recvmsg`. See recvmmsg(2).
 */
export function recvmmsg(
  fd: number,
  messages: readonly ReceiveTarget[],
  flags = 0,
  options?: ReceiveOptions,
): ReceivedMessage[] {
  descriptorNumber('fd', fd);
  if (!Array.isArray(messages)) throw invalidArgType('messages', 'an Array', messages);
  const buffers = Array.from(messages, (target, i) => targetOf(`messages[${i}]`, target));
  buffers.forEach((views, i) => {
    refuseLostSince(`messages[${i}]`, views);
  });
  integer('flags', flags);
  const room = controlLength('options.controlLength', optionsOf(options, RECEIVE).controlLength);
  const received = native.raw.recvmmsg(fd, buffers, room, flags);
  if (typeof received === 'number') throw systemError('recvmmsg', received);
  return received.map(receivedOf);
}

function targetOf(name: string, target: unknown): Uint8Array[] {
  return ArrayBuffer.isView(target) ? [bufferOf(name, target)] : piecesOf(name, target, bufferOf);
}

function controlLength(name: string, length: number | undefined): number {
  return length === undefined ? CONTROL_CAPACITY : integer(name, length, 0, CONTROL_CAPACITY);
}

function receivedOf(message: NativeReceived): ReceivedMessage {
  const { length, flags, address, rights, credentials, pidfd, security, inq, timestamp } = message;
  return {
    length,
    flags,
    truncated: (flags & MSG_TRUNC) !== 0,
    controlTruncated: (flags & MSG_CTRUNC) !== 0,
    address: addressOfBytes(address),
    rights,
    credentials: credentials ?? null,
    pidfd: pidfd ?? null,
    security: security ?? null,
    inq: inq ?? null,
    timestamp: timestamp ?? null,
  };
}
