import type { AddressLike } from '../core/address.js';
import { ancillaryOf } from '../core/ancillary.js';
import { CONSTRUCTING, checkConstructing } from '../core/constructing.js';
import { check, systemError } from '../core/errors.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import { Known } from '../core/known.js';
import type { Queue } from '../core/stats.js';
import {
  kHandle,
  kImplementation,
  kLive,
  kMaxMessageSize,
  kMessageAt,
  kOnMessagesOptions,
  kOnWritable,
  kQueued,
  kReceives,
  kRejectAll,
} from '../core/symbols.js';
import { checkSignal, type Data, messageBytesOf, optionsOf } from '../core/validate.js';
import { resolvedSend } from '../io/budget.js';
import { adoptHandle, openHandle, openPair } from '../io/handle.js';
import type { Message } from '../io/message.js';
import {
  MESSAGES,
  type MessageOptions,
  type MessageSettings,
  messageSettings,
} from '../io/message-options.js';
import {
  CONNECT,
  type ConnectOptions,
  connectPlan,
  type ReceiveSettings,
  receiveSettings,
} from '../io/options.js';
import { messageAt } from '../io/received-messages.js';
import { sendError } from '../io/send-error.js';
import type { Handle } from '../native/binding.js';
import { SHUT_RD, SHUT_RDWR, SHUT_WR, SOCK_SEQPACKET } from '../native/constants.js';
import { EAGAIN, EPIPE } from '../native/errno.js';
import { ConnectedPeer } from './destination.js';
import { directionOf } from './direction.js';
import { MessageSocket } from './message-socket.js';
import { ON_MESSAGES, type OnMessagesOptions, SEND, type SendOptions } from './options.js';
import { SendQueue, WritableEvent } from './send-queue.js';
import { applyReceive, setUpConnected } from './set-up.js';

/** Options of `onMessages`. */
export interface OnSeqpacketMessagesOptions extends OnMessagesOptions {
  /** Called at the end of the connection; the socket stays open to send, until it is closed. */
  onEnd?: () => void;
}

const CONNECTING = new Known<ConnectOptions & MessageOptions>('UnixSeqpacket.connect', {
  ...CONNECT,
  ...MESSAGES,
});
const PAIR = new Known<MessageOptions>('UnixSeqpacket.pair', MESSAGES);
const FROM_FD = new Known<MessageOptions>('UnixSeqpacket.fromFd', MESSAGES);
const SENDING = new Known<SendOptions>('UnixSeqpacket.send', SEND);
const TRY_SEND = new Known<SendOptions>('UnixSeqpacket.trySend', SEND);
const ON_PACKETS = new Known<OnSeqpacketMessagesOptions>('UnixSeqpacket.onMessages', {
  ...ON_MESSAGES,
  onEnd: 1,
});

/**
 * A connected socket that keeps messages apart (SOCK_SEQPACKET, unix(7), Linux): they arrive whole,
 * in order, each as it was sent, empty ones too.
 */
export class UnixSeqpacket
  extends MessageSocket<Message, null, OnSeqpacketMessagesOptions>
  implements AsyncIterable<Message>
{
  readonly #peer: ConnectedPeer;
  readonly #writable: WritableEvent;
  readonly #queue: SendQueue;
  /** The socket is shut for writing, or will be once the queued messages are done. */
  #ending = false;

  /** @internal Takes the handle over. */
  constructor(key: typeof CONSTRUCTING, handle: Handle, settings: MessageSettings) {
    const factories = 'UnixSeqpacket.connect(), UnixSeqpacket.pair() or UnixSeqpacket.fromFd()';
    checkConstructing(key, 'UnixSeqpacket', factories);
    super(key, handle);
    this[kMaxMessageSize] = settings.maxMessageSize;
    this.#peer = new ConnectedPeer(handle);
    this.#writable = new WritableEvent(handle);
    this.#queue = new SendQueue(this.#writable, this.#peer, settings.sendQueueLimit, () => {
      if (this.#ending && !this.closed) handle.shutdown(SHUT_WR);
    });
  }

  /**
   * Connects to a listening seqpacket socket. A full backlog is waited out, with back-off, until
   * `signal` or `timeout` says stop. Rejects with ENOENT, ECONNREFUSED, EPROTOTYPE, EACCES, ETIMEDOUT.
   */
  static async connect(
    address: AddressLike,
    options?: ConnectOptions & MessageOptions,
  ): Promise<UnixSeqpacket> {
    const parsed = optionsOf(options, CONNECTING);
    const plan = connectPlan(address, parsed);
    const messages = messageSettings(parsed);
    const socket = new UnixSeqpacket(CONSTRUCTING, openHandle(SOCK_SEQPACKET), messages);
    await setUpConnected(socket, plan);
    return socket;
  }

  /** Makes two sockets connected to each other, as socketpair(2) does. */
  static pair(options?: MessageOptions): [UnixSeqpacket, UnixSeqpacket] {
    const parsed = optionsOf(options, PAIR);
    const settings = receiveSettings(parsed);
    const messages = messageSettings(parsed);
    const [first, second] = openPair(SOCK_SEQPACKET);
    return [seqpacketOf(first, settings, messages), seqpacketOf(second, settings, messages)];
  }

  /**
   * Takes over a connected seqpacket socket, by number or from its owner. Throws
   * `ERR_INVALID_ARG_VALUE` if it is of another type or listening, `ENOTSOCK`, `EBADF`, `ENOPROTOOPT`;
   * ownership then stays where it was.
   */
  static fromFd(fd: number | FileDescriptor, options?: MessageOptions): UnixSeqpacket {
    const parsed = optionsOf(options, FROM_FD);
    const settings = receiveSettings(parsed);
    const messages = messageSettings(parsed);
    const handle = adoptHandle(fd, SOCK_SEQPACKET, false, settings, messages.maxMessageSize);
    const socket = new UnixSeqpacket(CONSTRUCTING, handle, messages);
    socket[kReceives] = settings;
    return socket;
  }

  /**
   * Sends one message: a string (as UTF-8), a view, or an array of them, which are put together; empty allowed, up to the
   * send buffer's size.
   * Resolves when the kernel has it, and the caller may change it again. Calls are served in order.
   * Rejects with EPIPE when the peer is gone, EMSGSIZE when it is too long, ENOBUFS when it would have
   * to wait and `sendQueueLimit` is reached.
   */
  send(data: Data | readonly Data[], options?: SendOptions): Promise<void> {
    try {
      this[kLive]();
      const parsed = optionsOf(options, SENDING);
      checkSignal(parsed.signal);
      const ancillary = ancillaryOf(parsed);
      // Last: a getter among the arguments may have detached the memory.
      const bytes = messageBytesOf('data', data);
      if (this.#ending) throw systemError('send', EPIPE);
      if (this.#queue.size === 0) {
        const result = this.#peer.send(bytes, ancillary);
        if (result >= 0) return resolvedSend(bytes.length);
        if (result !== EAGAIN) throw sendError(this[kHandle], result, ancillary, bytes);
      }
      return this.#queue.add(bytes, ancillary, parsed.signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Sends one message now, or not at all: false if it would have to wait, for room or behind others
   * that wait. One system call. Throws what `send` rejects with.
   */
  trySend(data: Data | readonly Data[], options?: SendOptions): boolean {
    this[kLive]();
    const parsed = optionsOf(options, TRY_SEND);
    checkSignal(parsed.signal);
    const ancillary = ancillaryOf(parsed);
    const bytes = messageBytesOf('data', data);
    if (this.#ending) throw systemError('send', EPIPE);
    if (this.#queue.size > 0) return false;
    const result = this.#peer.send(bytes, ancillary);
    if (result >= 0) return true;
    if (result === EAGAIN) return false;
    throw sendError(this[kHandle], result, ancillary, bytes);
  }

  /**
   * Ends one or both directions, shutdown(2). `'write'` tells the peer that nothing more comes, once the queued messages
   * are done with: its `receive()` resolves with null. `'read'` makes its sends fail with EPIPE.
   */
  shutdown(how: 'read' | 'write' | 'both'): void {
    const direction = directionOf(how);
    const handle = this[kLive]();
    if (direction !== SHUT_RD) this.#ending = true;
    if (direction === SHUT_RD || this.#queue.size === 0) {
      check('shutdown', handle.shutdown(direction));
    } else if (direction === SHUT_RDWR) {
      check('shutdown', handle.shutdown(SHUT_RD));
    }
  }

  /** @internal */
  override get [kOnMessagesOptions](): Known<OnSeqpacketMessagesOptions> {
    return ON_PACKETS;
  }

  /** @internal */
  override [kMessageAt](index: number, buffer?: Uint8Array): Message {
    return messageAt(index, this[kImplementation], buffer);
  }

  /** @internal */
  override get [kQueued](): Queue {
    return { messages: this.#queue.size, bytes: this.#queue.bytes };
  }

  /** @internal */
  [kOnWritable](): void {
    this.#writable.deliver();
  }

  /** @internal */
  override [kRejectAll](make: () => Error): void {
    super[kRejectAll](make);
    this.#queue.rejectAll(make);
  }
}

/** Makes the socket of an open handle. Closes the handle if it cannot be configured. */
export function seqpacketOf(
  handle: Handle,
  settings: ReceiveSettings,
  messages: MessageSettings,
): UnixSeqpacket {
  const socket = new UnixSeqpacket(CONSTRUCTING, handle, messages);
  applyReceive(socket, settings);
  return socket;
}
