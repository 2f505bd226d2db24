import { type AddressLike, UnixAddress } from './address.js';
import { bytesOf, checkSignal, type Data, optionsOf } from './arguments.js';
import { type Credentials, credentialsOf } from './credentials.js';
import { check, invalidArgType, systemError } from './errors.js';
import type { FileDescriptor } from './file-descriptor.js';
import { type Datagram, datagramAt } from './message.js';
import { MessageSocket, type ReceiveMessageOptions } from './message-socket.js';
import { type Handle, native } from './native.js';
import {
  type BindOptions,
  bindPlan,
  type ReceiveOptions,
  type ReceiveSettings,
  receiveSettings,
  SOCK_DGRAM,
} from './options.js';
import { SendQueue, sendNow } from './send-queue.js';
import { descriptorsOf, duplicates } from './sendable.js';
import type { SendOptions } from './seqpacket.js';
import { adoptHandle, openHandle, openPair } from './socket.js';

/** Options of `send` and `trySend`. */
export interface SendDatagramOptions extends SendOptions {
  /** Where to; the connected peer by default. A `UnixAddress` is parsed once. */
  to?: AddressLike;
}

/** A datagram to send with others. */
export interface OutgoingDatagram {
  data: Data;
  to?: AddressLike;
  fds?: SendOptions['fds'];
}

const EAGAIN = -(native.errnos.EAGAIN as number);

/**
 * A datagram socket (SOCK_DGRAM, unix(7)): messages arrive whole and in order, and none is lost while
 * both sockets are open. A full receiver makes the sender wait.
 */
export class UnixDatagram extends MessageSocket<Datagram> implements AsyncIterable<Datagram> {
  /** What waits to be sent, by destination; the empty key is the connected peer. */
  readonly #queues = new Map<string, SendQueue>();

  /**
   * A socket bound to `address`, so that others can send to it; without one, to an abstract name that
   * the kernel chooses (autobind, Linux). Rejects with EADDRINUSE, EACCES, ENOENT (no such directory).
   */
  static override async bind(address?: AddressLike, options?: BindOptions): Promise<UnixDatagram> {
    const plan = bindPlan(address ?? UnixAddress.unnamed, options);
    const socket = new UnixDatagram(openHandle(SOCK_DGRAM));
    await socket.establishBound(plan);
    return socket;
  }

  /** A socket without an address: it can send, and nobody can answer. */
  static unbound(options?: ReceiveOptions): UnixDatagram {
    const settings = receiveSettings(options);
    return UnixDatagram.fromHandle(openHandle(SOCK_DGRAM), settings);
  }

  /** Two sockets connected to each other, as socketpair(2) makes them. */
  static pair(options?: ReceiveOptions): [UnixDatagram, UnixDatagram] {
    const settings = receiveSettings(options);
    const [first, second] = openPair(SOCK_DGRAM);
    return [UnixDatagram.fromHandle(first, settings), UnixDatagram.fromHandle(second, settings)];
  }

  /**
   * Takes over a datagram socket, by number or from its owner. Throws `ERR_INVALID_ARG_VALUE` if it is
   * of another type; ownership then stays.
   */
  static fromFd(fd: number | FileDescriptor, options?: ReceiveOptions): UnixDatagram {
    const settings = receiveSettings(options);
    return UnixDatagram.fromHandle(adoptHandle(fd, SOCK_DGRAM, false), settings);
  }

  /** @internal */
  static fromHandle(handle: Handle, settings: ReceiveSettings): UnixDatagram {
    const socket = new UnixDatagram(handle);
    socket.applyReceive(settings);
    return socket;
  }

  /**
   * Sets the peer: `send` goes there, and only it may send here. Throws ENOENT, ECONNREFUSED,
   * EPROTOTYPE, EACCES, and EPERM if the other is connected to someone else. May be called again.
   */
  connect(address: AddressLike): void {
    const parsed = UnixAddress.from(address);
    check('connect', this.live().connect(UnixAddress.bytesOf(parsed)), parsed);
  }

  /** Forgets the peer. */
  disconnect(): void {
    check('connect', this.live().disconnect());
  }

  /**
   * Sends one message, a string (as UTF-8) or a view, empty allowed: at once, or when the receiver has
   * room, in order for each destination. Resolves when the kernel has it, and the caller may change it
   * again. Rejects with ENOENT, ECONNREFUSED (nobody is bound there any more), EPERM (connected to
   * someone else), EPROTOTYPE, EMSGSIZE (over `sendBufferSize - 32`), ENOTCONN (no `to`, no peer).
   */
  send(data: Data, options?: SendDatagramOptions): Promise<void> {
    try {
      this.live();
      const given = optionsOf(options);
      checkSignal(given.signal);
      const bytes = bytesOf('data', data);
      const to = given.to === undefined ? undefined : UnixAddress.from(given.to);
      const rights = descriptorsOf(given.fds);
      const from = credentialsOf('options.credentials', given.credentials);
      if (this.#attempt(bytes, to, rights, from)) return Promise.resolve();
      return this.#queueFor(to).add(bytes, duplicates(rights), from, given.signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Sends one message now, or not at all: false if it would have to wait, for the receiver or behind
   * others that wait. One system call. Throws what `send` rejects with.
   */
  trySend(data: Data, options?: SendDatagramOptions): boolean {
    this.live();
    const bytes = bytesOf('data', data);
    const { to, fds, credentials } = optionsOf(options);
    return this.#attempt(
      bytes,
      to === undefined ? undefined : UnixAddress.from(to),
      descriptorsOf(fds),
      credentialsOf('options.credentials', credentials),
    );
  }

  /**
   * Sends many messages in as few calls as the kernel allows (sendmmsg(2)), in order; those that find
   * no room wait. Resolves when all have gone. The first that fails rejects it; the others are sent.
   */
  sendMany(messages: readonly (Data | OutgoingDatagram)[]): Promise<void> {
    const rest: Promise<void>[] = [];
    try {
      this.live();
      if (!Array.isArray(messages))
        throw invalidArgType('messages', 'an instance of Array', messages);
      const data: Uint8Array[] = [];
      const to: (Uint8Array | undefined)[] = [];
      let plain = this.#queues.size === 0;
      const outgoing = messages.map((message) => {
        const given = isData(message) ? { data: message } : optionsOf(message, 'message');
        const address = given.to === undefined ? undefined : UnixAddress.from(given.to);
        data.push(bytesOf('data', given.data));
        to.push(address === undefined ? undefined : UnixAddress.bytesOf(address));
        const fds = descriptorsOf(given.fds);
        if (fds !== undefined) plain = false;
        return { to: address, fds: given.fds };
      });
      let sent = 0;
      while (plain && sent < data.length) {
        const result = this.handle.sendMany(data, to, sent);
        if (result < 0) break;
        sent += result;
      }
      for (; sent < data.length; sent++) {
        const { to: address, fds } = outgoing[sent] as (typeof outgoing)[number];
        rest.push(
          this.send(data[sent] as Uint8Array, {
            ...(address === undefined ? {} : { to: address }),
            ...(fds === undefined ? {} : { fds }),
          }),
        );
      }
    } catch (error) {
      return Promise.reject(error);
    }
    return rest.length === 0 ? Promise.resolve() : Promise.all(rest).then(() => undefined);
  }

  /** The next message. Calls are served in order. */
  receive(options?: ReceiveMessageOptions): Promise<Datagram> {
    return this.next(options, 1) as Promise<Datagram>;
  }

  /**
   * Every message from now on goes to `callback`, as an array for each wake-up: the fastest way. Null
   * ends that. What the callback throws goes to `uncaughtException`, and the socket lives on.
   */
  onMessages(callback: ((messages: Datagram[]) => void) | null): void {
    if (callback !== null && typeof callback !== 'function') {
      throw invalidArgType('callback', 'of type function or null', callback);
    }
    this.deliver(callback);
  }

  /** Messages until the socket is closed. Leaving the loop leaves the socket open. */
  [Symbol.asyncIterator](): AsyncGenerator<Datagram, void, void> {
    return this.iterate();
  }

  override ref(): this {
    for (const queue of this.#queues.values()) queue.setReference(true);
    return super.ref();
  }

  override unref(): this {
    for (const queue of this.#queues.values()) queue.setReference(false);
    return super.unref();
  }

  /** Sends now; false if it has to wait. */
  #attempt(
    bytes: Uint8Array,
    to: UnixAddress | undefined,
    rights: readonly number[] | undefined,
    from: Credentials | undefined,
  ): boolean {
    if (this.#queues.size > 0 && (this.#queues.get(keyOf(to))?.size ?? 0) > 0) return false;
    const address = to === undefined ? undefined : UnixAddress.bytesOf(to);
    const result = sendNow(this.handle, bytes, address, rights, from);
    if (result >= 0) return true;
    if (result === EAGAIN) return false;
    throw systemError('send', result, to);
  }

  #queueFor(to: UnixAddress | undefined): SendQueue {
    const key = keyOf(to);
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      const address = to === undefined ? undefined : UnixAddress.bytesOf(to);
      queue = new SendQueue(this.handle, address, to, () => this.#queues.delete(key));
      this.#queues.set(key, queue);
    }
    return queue;
  }

  /** @internal */
  protected override messageAt(index: number): Datagram {
    return datagramAt(index, this);
  }

  /** @internal */
  onWritable(): void {
    this.#queues.get('')?.flush();
  }

  /** @internal */
  protected override settle(error: Error): void {
    super.settle(error);
    for (const queue of this.#queues.values()) queue.settle(error);
    this.#queues.clear();
  }
}

/** A queue's key: the address, byte for byte. */
function keyOf(to: UnixAddress | undefined): string {
  return to === undefined ? '' : to.bytes.toString('latin1');
}

function isData(message: unknown): message is Data {
  return typeof message === 'string' || ArrayBuffer.isView(message);
}
