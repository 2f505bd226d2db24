import { type AddressLike, UnixAddress } from '../core/address.js';
import { type Ancillary, ancillaryOf } from '../core/ancillary.js';
import { CONSTRUCTING, checkConstructing } from '../core/constructing.js';
import { check, systemError } from '../core/errors.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import { Known } from '../core/known.js';
import { type DatagramStats, type Queue, statsOf } from '../core/stats.js';
import {
  kHandle,
  kImplementation,
  kLive,
  kMaxMessageSize,
  kMessageAt,
  kOnMessagesOptions,
  kOnPeerReset,
  kOnWritable,
  kQueued,
  kReceives,
  kReferenced,
  kRejectAll,
  kReport,
  kSetPeerAddress,
  kSetReference,
  kThrowReported,
} from '../core/symbols.js';
import { checkSignal, type Data, messageBytesOf, optionsOf } from '../core/validate.js';
import { Budget, MAX_SENT_PER_TURN, resolvedSend } from '../io/budget.js';
import { adoptHandle, adoptPath, openHandle, openPair } from '../io/handle.js';
import type { Datagram } from '../io/message.js';
import {
  ADOPT_DATAGRAM,
  type AdoptDatagramOptions,
  BIND_DATAGRAM,
  type BindDatagramOptions,
  DATAGRAM,
  type DatagramOptions,
  type DatagramSettings,
  datagramSettings,
  type SendQueueLimit,
} from '../io/message-options.js';
import { bindPlan, receiveSettings, unlinksOnClose } from '../io/options.js';
import { datagramAt } from '../io/received-messages.js';
import { sendError } from '../io/send-error.js';
import type { Handle } from '../native/binding.js';
import { SOCK_DGRAM } from '../native/constants.js';
import { EAGAIN, ECANCELED, ECONNRESET } from '../native/errno.js';
import {
  DatagramBatch,
  destinationOf,
  keyOf,
  type OutgoingDatagram,
  type Part,
} from './datagram-batch.js';
import { AddressDestination, ConnectedPeer, ReconnectingPeer, sendTo } from './destination.js';
import { MessageSocket } from './message-socket.js';
import {
  ON_MESSAGES,
  type OnMessagesOptions,
  SEND_DATAGRAM,
  type SendDatagramOptions,
} from './options.js';
import { SendQueue, WritableEvent } from './send-queue.js';
import { applyReceive, setUpBound } from './set-up.js';

const BIND = new Known<BindDatagramOptions>('UnixDatagram.bind', BIND_DATAGRAM);
const UNBOUND = new Known<DatagramOptions>('UnixDatagram.unbound', DATAGRAM);
const PAIR = new Known<DatagramOptions>('UnixDatagram.pair', DATAGRAM);
const FROM_FD = new Known<AdoptDatagramOptions>('UnixDatagram.fromFd', ADOPT_DATAGRAM);
const SEND = new Known<SendDatagramOptions>('UnixDatagram.send', SEND_DATAGRAM);
const TRY_SEND = new Known<SendDatagramOptions>('UnixDatagram.trySend', SEND_DATAGRAM);
const ON_DATAGRAMS = new Known<OnMessagesOptions>('UnixDatagram.onMessages', ON_MESSAGES);

/** Shared by all sockets on which no message has waited yet: even an empty Map takes 184 bytes. */
const noQueues = new Map<string, SendQueue>();

/**
 * A datagram socket (SOCK_DGRAM, unix(7)): messages arrive whole and in order, and none is lost while
 * both sockets are open. A full receiver makes the sender wait. docs/datagrams.md says the rest.
 */
export class UnixDatagram
  extends MessageSocket<Datagram, never>
  implements AsyncIterable<Datagram>
{
  /** The messages that wait, by destination. The empty key is the connected peer. */
  #queues = noQueues;
  readonly #limit: Readonly<Required<SendQueueLimit>>;
  readonly #connected: ConnectedPeer;
  readonly #writable: WritableEvent;
  #peer: UnixAddress | undefined;

  /** @internal Takes the handle over. */
  constructor(key: typeof CONSTRUCTING, handle: Handle, settings: DatagramSettings) {
    const factories = 'UnixDatagram.bind(), unbound(), pair() or fromFd()';
    checkConstructing(key, 'UnixDatagram', factories);
    super(key, handle);
    this[kMaxMessageSize] = settings.maxMessageSize;
    this.#limit = settings.sendQueueLimit;
    this.#writable = new WritableEvent(handle);
    this.#connected = settings.reconnect
      ? new ReconnectingPeer(handle, settings.onConnectionChange)
      : new ConnectedPeer(handle);
  }

  /**
   * Makes a socket bound to `address`, so that others can send to it. Without an address, the kernel chooses an
   * abstract name (autobind, Linux). Rejects with EADDRINUSE, EACCES, ENOENT (no such directory),
   * `ERR_UNSAFE_PATH` (see `allowUnsafePath`).
   */
  static override async bind(
    address?: AddressLike,
    options?: BindDatagramOptions,
  ): Promise<UnixDatagram> {
    const parsed = optionsOf(options, BIND);
    const plan = bindPlan(address === undefined ? UnixAddress.unnamed : address, parsed);
    const settings = datagramSettings(parsed);
    const socket = new UnixDatagram(CONSTRUCTING, openHandle(SOCK_DGRAM), settings);
    await setUpBound(socket, plan);
    return socket;
  }

  /** Makes a socket without an address. It can send, and nobody can answer. */
  static unbound(options?: DatagramOptions): UnixDatagram {
    const parsed = optionsOf(options, UNBOUND);
    const receive = receiveSettings(parsed);
    const settings = datagramSettings(parsed);
    const socket = new UnixDatagram(CONSTRUCTING, openHandle(SOCK_DGRAM), settings);
    applyReceive(socket, receive);
    return socket;
  }

  /** Makes two sockets connected to each other, as socketpair(2) does. */
  static pair(options?: DatagramOptions): [UnixDatagram, UnixDatagram] {
    const parsed = optionsOf(options, PAIR);
    const receive = receiveSettings(parsed);
    const settings = datagramSettings(parsed);
    const make = (handle: Handle): UnixDatagram => new UnixDatagram(CONSTRUCTING, handle, settings);
    const sockets = openPair(SOCK_DGRAM).map(make) as [UnixDatagram, UnixDatagram];
    for (const socket of sockets) applyReceive(socket, receive);
    return sockets;
  }

  /**
   * Takes over a datagram socket, by number or from its owner. Its socket file stays when it is closed, unless
   * `unlinkOnClose` says otherwise. Throws `ERR_INVALID_ARG_VALUE` if it is of another type, `ENOTSOCK`, `EBADF`,
   * `ENOPROTOOPT`; ownership then stays where it was.
   */
  static fromFd(fd: number | FileDescriptor, options?: AdoptDatagramOptions): UnixDatagram {
    const parsed = optionsOf(options, FROM_FD);
    const receive = receiveSettings(parsed);
    const settings = datagramSettings(parsed);
    const unlinks = unlinksOnClose(parsed.unlinkOnClose, false);
    const handle = adoptHandle(fd, SOCK_DGRAM, false, receive, settings.maxMessageSize);
    const socket = new UnixDatagram(CONSTRUCTING, handle, settings);
    socket[kReceives] = receive;
    if (unlinks) adoptPath(handle);
    return socket;
  }

  /**
   * Sets the peer: `send` goes there, and only it may send here. Throws ENOENT, ECONNREFUSED, EPROTOTYPE, EACCES, and
   * EPERM if the other is connected to someone else. May be called again: messages that still wait for another peer then
   * reject with ECANCELED. With `reconnect` an absent peer (ENOENT, ECONNREFUSED) is no error: it is waited for.
   */
  connect(address: AddressLike): void {
    this.#setPeer(UnixAddress.from(address));
  }

  /** Forgets the peer. Messages that still wait for it reject with ECANCELED. */
  disconnect(): void {
    this.#setPeer(undefined);
  }

  #setPeer(peer: UnixAddress | undefined): void {
    this[kLive]();
    check('connect', this.#connected.connect(peer), peer);
    const queue = this.#queues.get('');
    const same = peer?.equals(this.#peer) === true;
    const former = this.#peer;
    this.#peer = peer;
    this[kSetPeerAddress](peer);
    if (same) queue?.flush();
    else queue?.rejectAll(() => systemError('send', ECANCELED, former));
  }

  /**
   * Sends one message, a string (as UTF-8), a view, or an array of them, which are put together; empty allowed. At once,
   * or when the receiver has room, in order for each destination. Resolves when the kernel has it, and the caller may
   * change it again. Rejects with ENOENT, ECONNREFUSED (nobody is bound there any more), EPERM (connected to someone else),
   * EPROTOTYPE, EMSGSIZE (over `sendBufferSize - 32`), ENOTCONN (no `to`, no peer), ECONNRESET (the peer connected elsewhere
   * and dropped earlier messages), and ENOBUFS when it would have to wait and `sendQueueLimit` is reached. A message that
   * rejects was not sent.
   */
  send(data: Data | readonly Data[], options?: SendDatagramOptions): Promise<void> {
    try {
      this[kLive]();
      const parsed = optionsOf(options, SEND);
      checkSignal(parsed.signal);
      const to = destinationOf(parsed.to);
      const ancillary = ancillaryOf(parsed);
      // Last: a getter among the arguments may have detached the memory.
      const bytes = messageBytesOf('data', data);
      if (this.#attempt(bytes, to, ancillary)) return resolvedSend(bytes.length);
      return this.#queueFor(to).add(bytes, ancillary, parsed.signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Sends one message now, or not at all: false if it would have to wait, for the receiver or behind others that wait. One
   * system call. Throws what `send` rejects with.
   */
  trySend(data: Data | readonly Data[], options?: SendDatagramOptions): boolean {
    this[kLive]();
    if (options === undefined)
      return this.#attempt(messageBytesOf('data', data), undefined, undefined);
    const parsed = optionsOf(options, TRY_SEND);
    checkSignal(parsed.signal);
    const to = destinationOf(parsed.to);
    const ancillary = ancillaryOf(parsed);
    return this.#attempt(messageBytesOf('data', data), to, ancillary);
  }

  /**
   * Sends many messages in as few calls as the kernel allows (sendmmsg(2)), in order; those that find
   * no room wait. Resolves when all have gone. The first that fails rejects it; the others are sent.
   * ENOBUFS, if `sendQueueLimit` has no room for all of them at once: then none is sent.
   */
  sendMany(messages: readonly (Data | OutgoingDatagram)[]): Promise<void> {
    try {
      this[kLive]();
      return this.#sendAll(new DatagramBatch(messages));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #sendAll(batch: DatagramBatch): Promise<void> {
    const limit = this.#limit;
    const large = batch.size > limit.messages || batch.bytes > limit.bytes;
    if (this.#queues.size > 0 || large) this.#admit(batch);
    const budget = new Budget(MAX_SENT_PER_TURN);
    const sending = batch.parts().map((part) => this.#sendPart(part, budget));
    const failed = (await Promise.allSettled(sending)).find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
    await resolvedSend(batch.bytes, batch.size);
  }

  /** Throws ENOBUFS unless each destination's queue has room for all of its messages. */
  #admit(batch: DatagramBatch): void {
    for (const { to, messages, bytes } of batch.totals()) {
      (this.#queues.get(keyOf(to)) ?? this.#makeQueue(to)).admit(messages, bytes);
    }
  }

  #sendPart({ to, data, ancillary }: Part, budget: Budget): Promise<void> {
    if (ancillary === undefined) return this.#queueFor(to).addMany(data, budget);
    try {
      const [message] = data as [Uint8Array];
      if (this.#attempt(message, to, ancillary)) return Promise.resolve();
      return this.#queueFor(to).add(message, ancillary, undefined);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @internal */
  override [kSetReference](referenced: boolean): void {
    super[kSetReference](referenced);
    for (const queue of this.#queues.values()) queue.setReference(referenced);
  }

  /** Sends a message now. Returns false if it has to wait. */
  #attempt(
    bytes: Uint8Array,
    to: UnixAddress | undefined,
    ancillary: Ancillary | undefined,
  ): boolean {
    if (this.#queues.size > 0 && this.#queues.has(keyOf(to))) return false;
    let result: number;
    if (to === undefined) {
      this[kThrowReported]();
      result = this.#connected.send(bytes, ancillary);
    } else {
      this.#writable.shared = true;
      result = sendTo(this[kHandle], bytes, to, ancillary, this);
    }
    if (result >= 0) return true;
    if (result === EAGAIN) return false;
    throw sendError(this[kHandle], result, ancillary, bytes, to);
  }

  #queueFor(to: UnixAddress | undefined): SendQueue {
    const key = keyOf(to);
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = this.#makeQueue(to);
      if (to !== undefined) this.#writable.shared = true;
      if (this.#queues === noQueues) this.#queues = new Map();
      this.#queues.set(key, queue);
    }
    return queue;
  }

  #makeQueue(to: UnixAddress | undefined): SendQueue {
    const destination =
      to === undefined ? this.#connected : new AddressDestination(this[kHandle], to, this);
    const empty = (): boolean => this.#queues.delete(keyOf(to));
    return new SendQueue(this.#writable, destination, this.#limit, empty).setReference(
      this[kReferenced],
    );
  }

  override stats(): DatagramStats {
    const fullReceivers = [...this.#queues.values()].filter(({ probed }) => probed).length;
    return { ...statsOf(this[kHandle], this[kQueued]), fullReceivers };
  }

  /** @internal */
  override get [kQueued](): Queue {
    let [messages, bytes] = [0, 0];
    for (const queue of this.#queues.values()) {
      messages += queue.size;
      bytes += queue.bytes;
    }
    return { messages, bytes };
  }

  /** @internal */
  override get [kOnMessagesOptions](): Known<OnMessagesOptions> {
    return ON_DATAGRAMS;
  }

  /** @internal */
  override [kMessageAt](index: number, buffer?: Uint8Array): Datagram {
    return datagramAt(index, this[kImplementation], buffer);
  }

  /** @internal */
  [kOnWritable](): void {
    this.#writable.deliver();
  }

  /** @internal */
  [kOnPeerReset](): void {
    this[kReport](systemError('recvmsg', ECONNRESET));
  }

  /** @internal */
  override [kRejectAll](make: () => Error): void {
    super[kRejectAll](make);
    for (const queue of this.#queues.values()) queue.rejectAll(make);
  }
}
