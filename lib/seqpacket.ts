import type { AddressLike } from './address.js';
import { bytesOf, checkSignal, type Data, optionsOf } from './arguments.js';
import { type Credentials, credentialsOf } from './credentials.js';
import { systemError } from './errors.js';
import type { FileDescriptor } from './file-descriptor.js';
import { type Message, messageAt } from './message.js';
import { MessageSocket, type ReceiveMessageOptions } from './message-socket.js';
import { type Handle, native } from './native.js';
import {
  type ConnectOptions,
  connectPlan,
  type ReceiveOptions,
  type ReceiveSettings,
  receiveSettings,
  SOCK_SEQPACKET,
} from './options.js';
import { SendQueue, sendNow } from './send-queue.js';
import { descriptorsOf, duplicates, type Sendable } from './sendable.js';
import { adoptHandle, openHandle, openPair } from './socket.js';

/** Options of `send`. */
export interface SendOptions {
  /**
   * Descriptors to send with the message, at most 253. The sender keeps its own: duplicates are kept
   * while the message waits.
   */
  fds?: readonly Sendable[];
  /**
   * Whom the receiver is told the message is from, instead of this process (SCM_CREDENTIALS, Linux).
   * EPERM unless they are this process's, or it may choose them: CAP_SYS_ADMIN for the pid, CAP_SETUID
   * and CAP_SETGID for the others. ESRCH if there is no such process.
   */
  credentials?: Credentials;
  /** Takes the message out of the queue, with an `AbortError`. */
  signal?: AbortSignal;
}

const EAGAIN = -(native.errnos.EAGAIN as number);

/**
 * A connected socket that keeps messages apart (SOCK_SEQPACKET, unix(7), Linux): they arrive whole,
 * in order, each as it was sent, empty ones too.
 */
export class UnixSeqpacket extends MessageSocket<Message> implements AsyncIterable<Message> {
  readonly #queue: SendQueue = new SendQueue(this.handle, undefined, undefined);

  /**
   * Connects to a listening seqpacket socket. A full backlog is waited out, with back-off, until
   * `signal` or `timeout` says stop. Rejects with ENOENT, ECONNREFUSED, EPROTOTYPE, EACCES, ETIMEDOUT.
   */
  static async connect(address: AddressLike, options?: ConnectOptions): Promise<UnixSeqpacket> {
    const plan = connectPlan(address, options);
    const socket = new UnixSeqpacket(openHandle(SOCK_SEQPACKET));
    await socket.establishConnected(plan);
    return socket;
  }

  /** Two sockets connected to each other, as socketpair(2) makes them. */
  static pair(options?: ReceiveOptions): [UnixSeqpacket, UnixSeqpacket] {
    const settings = receiveSettings(options);
    const [first, second] = openPair(SOCK_SEQPACKET);
    return [UnixSeqpacket.fromHandle(first, settings), UnixSeqpacket.fromHandle(second, settings)];
  }

  /**
   * Takes over a connected seqpacket socket, by number or from its owner. Throws
   * `ERR_INVALID_ARG_VALUE` if it is of another type or listening; ownership then stays.
   */
  static fromFd(fd: number | FileDescriptor, options?: ReceiveOptions): UnixSeqpacket {
    const settings = receiveSettings(options);
    return UnixSeqpacket.fromHandle(adoptHandle(fd, SOCK_SEQPACKET, false), settings);
  }

  /** @internal */
  static fromHandle(handle: Handle, settings: ReceiveSettings): UnixSeqpacket {
    const socket = new UnixSeqpacket(handle);
    socket.applyReceive(settings);
    return socket;
  }

  /**
   * Sends one message: a string (as UTF-8) or a view, empty allowed, up to the send buffer's size.
   * Resolves when the kernel has it, and the caller may change it again. Calls are served in order.
   * Rejects with EPIPE when the peer is gone, EMSGSIZE when it is too long.
   */
  send(data: Data, options?: SendOptions): Promise<void> {
    try {
      this.live();
      const { fds, credentials, signal } = optionsOf(options);
      checkSignal(signal);
      const bytes = bytesOf('data', data);
      const rights = descriptorsOf(fds);
      const from = credentialsOf('options.credentials', credentials);
      if (this.#queue.size === 0) {
        const result = sendNow(this.handle, bytes, undefined, rights, from);
        if (result >= 0) return Promise.resolve();
        if (result !== EAGAIN) throw systemError('send', result);
      }
      return this.#queue.add(bytes, duplicates(rights), from, signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The next message; null at the end of the connection. Calls are served in order. */
  receive(options?: ReceiveMessageOptions): Promise<Message | null> {
    return this.next(options, 1);
  }

  /** Messages until the end of the connection. Leaving the loop leaves the socket open. */
  [Symbol.asyncIterator](): AsyncGenerator<Message, void, void> {
    return this.iterate();
  }

  /** @internal */
  protected override messageAt(index: number): Message {
    return messageAt(index, this);
  }

  /** @internal */
  onWritable(): void {
    this.#queue.flush();
  }

  /** @internal */
  protected override settle(error: Error): void {
    super.settle(error);
    this.#queue.settle(error);
  }
}
