import type { InspectOptions } from 'node:util';
import {
  absoluteAddress,
  addressFromKernel,
  addressOfBytes,
  type UnixAddress,
} from '../core/address.js';
import { type CONSTRUCTING, checkConstructing } from '../core/constructing.js';
import type { Credentials } from '../core/credentials.js';
import { closedError, invalidState } from '../core/errors.js';
import { FileDescriptor, OWNED } from '../core/file-descriptor.js';
import { type Description, inspected, kInspect } from '../core/inspection.js';
import { RetryTimer } from '../core/retry-timer.js';
import { getOption, readIoctl, readOption, setOption, turnOff } from '../core/sockopt.js';
import { EMPTY_QUEUE, type Queue, type SocketStats, statsOf } from '../core/stats.js';
import {
  kDescribe,
  kHandle,
  kImplementation,
  kLive,
  kMaxMessageSize,
  kOnReadable,
  kOnWritable,
  kPassLocalAddress,
  kPublic,
  kQueued,
  kReceives,
  kReferenced,
  kRejectAll,
  kRelease,
  kSetPeerAddress,
  kSetReference,
  kShut,
  kTimer,
  kUnread,
} from '../core/symbols.js';
import { markAsUncloneable } from '../core/uncloneable.js';
import { integer } from '../core/validate.js';
import { NO_ANCILLARY, type ReceiveSettings } from '../io/options.js';
import { peerCredentials, peerGroups, peerPidFd, peerSecurityLabel } from '../io/peer.js';
import type { PidFd } from '../io/pidfd.js';
import { type Handle, native, READABLE, WRITABLE } from '../native/binding.js';
import { SO_RCVBUF, SO_SNDBUF, SOL_SOCKET } from '../native/constants.js';
import { descriptionOf, nameOf } from './description.js';
import { SocketOwner } from './socket-owner.js';

/**
 * A Unix socket of any class.
 *
 * A socket that the program has no reference to stays open while something is awaited on it: a read or an accept
 * that is pending, a callback that gets its messages. Otherwise it is closed when it is collected.
 */
export abstract class UnixSocket implements AsyncDisposable {
  /** @internal */
  readonly [kHandle]: Handle;
  /** @internal */
  [kReceives]: ReceiveSettings = NO_ANCILLARY;
  /** @internal */
  [kMaxMessageSize] = 0;
  /** @internal */
  readonly [kImplementation]: SocketOwner;
  #described: string | undefined;
  #boundAddress: UnixAddress | undefined;
  #connectedAddress: UnixAddress | undefined;
  #closed = false;
  #referenced = true;
  #retry: RetryTimer | undefined;

  /** @internal Takes the handle over. */
  constructor(key: typeof CONSTRUCTING, handle: Handle) {
    checkConstructing(key, new.target.name, 'connect(), bind(), pair() or fromFd() of its class');
    this[kHandle] = handle;
    this[kImplementation] = handle.owner = new SocketOwner(this);
    markAsUncloneable(this);
  }

  /** @internal */
  get [kPublic](): object {
    return this;
  }

  /** @internal */
  abstract [kOnReadable](result: number): void;
  /** @internal */
  abstract [kOnWritable](): void;
  /** @internal Rejects what is pending, if anything is, by errors that `make` makes. Called once, before the close. */
  abstract [kRejectAll](make: () => Error): void;

  /** The descriptor's number, still owned by this socket; -1 once closed or detached. */
  get fd(): number {
    return this.#closed ? -1 : this[kHandle].showFd();
  }

  /** Whether the socket was closed, or its descriptor detached. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * The address it is bound to, a pathname absolute; of an accepted connection, its listener's. Unnamed if it
   * is bound to none. For an adopted descriptor the kernel is asked (getsockname(2)): unnamed also where its
   * answer cannot be right in this process, as `/proc/self/fd/3/x`. Null once closed.
   */
  get localAddress(): UnixAddress | null {
    if (this.#closed) return null;
    this.#boundAddress ??= this.#boundPath();
    if (this.#boundAddress !== undefined) return this.#boundAddress;
    const bytes = native.raw.getsockname(this[kHandle].fd);
    return typeof bytes === 'number' ? null : addressFromKernel(bytes);
  }

  #boundPath(): UnixAddress | undefined {
    const { boundPath } = this[kHandle];
    return boundPath === undefined ? undefined : addressOfBytes(boundPath);
  }

  /**
   * The address of its peer: the one this socket connected to, a pathname absolute; else the one that the
   * kernel tells (getpeername(2)). Unnamed if the peer is bound to none, or if the kernel's answer cannot be
   * right in this process, as `/proc/self/fd/3/x`; null without a peer.
   */
  get peerAddress(): UnixAddress | null {
    if (this.#closed) return null;
    const bytes = native.raw.getpeername(this[kHandle].fd);
    if (typeof bytes === 'number') return null;
    return this.#connectedAddress ?? addressFromKernel(bytes);
  }

  /** @internal */
  [kSetPeerAddress](address: UnixAddress | undefined): void {
    this.#connectedAddress = address === undefined ? undefined : absoluteAddress(address);
  }

  /** @internal The kernel gives an accepted connection the name of its listener. */
  [kPassLocalAddress](connection: UnixSocket): void {
    this.#boundAddress ??= this.#boundPath();
    connection.#boundAddress = this.#boundAddress;
  }

  /**
   * Closes the socket: pending operations reject with `ERR_SOCKET_CLOSED`, iterators end, the socket
   * file that this socket made is removed if it is still there. Resolves when the descriptor is gone.
   * Idempotent.
   */
  close(): Promise<void> {
    this[kShut]();
    return Promise.resolve();
  }

  /** Calls `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  [kShut](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#retry?.cancel();
    this[kRejectAll](closedError);
    this[kHandle].close();
  }

  /**
   * Gives the descriptor away, open. The socket file stays. Pending operations reject, and this object is closed.
   * Answers to `from` may fail from now on if the path is very long (docs/datagrams.md). Throws `ERR_SOCKET_CLOSED` if
   * it is closed already, `ERR_INVALID_STATE` if it holds received messages that were not taken: they would be lost.
   */
  detach(): FileDescriptor {
    this[kLive]();
    // A closed socket has no name any more.
    const origin = `detached from ${this[kDescribe]()}`;
    // Who gets the socket may not know of what is no descriptor.
    if (this[kReceives].fdPlaceholders) turnOff(this[kHandle].fd, 'SO_RIGHTS_NOTRUNC');
    return new FileDescriptor(this[kRelease]().detach(), origin, OWNED);
  }

  /** @internal Throws as `detach()` does. */
  [kRelease](): Handle {
    const handle = this[kLive]();
    if (this[kUnread]() > 0) {
      throw invalidState('received messages were not taken yet; receive them first');
    }
    this.#closed = true;
    this.#retry?.cancel();
    this[kRejectAll](closedError);
    handle.stop(READABLE | WRITABLE);
    return handle;
  }

  /** @internal */
  [kUnread](): number {
    return 0;
  }

  /** Keeps the process alive while something is awaited on the socket. This is the default. */
  ref(): this {
    this[kSetReference](true);
    return this;
  }

  /** Lets the process end while something is awaited on the socket. */
  unref(): this {
    this[kSetReference](false);
    return this;
  }

  /** @internal */
  [kSetReference](referenced: boolean): void {
    this.#referenced = referenced;
    if (referenced) this[kHandle].ref();
    else this[kHandle].unref();
    this.#retry?.setReference(referenced);
  }

  /** @internal */
  get [kReferenced](): boolean {
    return this.#referenced;
  }

  /** @internal */
  get [kTimer](): RetryTimer {
    this.#retry ??= new RetryTimer(this.#referenced);
    return this.#retry;
  }

  /** Returns an integer option, as getsockopt(2) does. `level` is `SOL_SOCKET` for all of unix(7). */
  getOption(level: number, name: number): number {
    integer('level', level);
    integer('name', name);
    return getOption(this[kLive]().fd, level, name);
  }

  /** Sets an integer option, as setsockopt(2) does. */
  setOption(level: number, name: number, value: number | boolean): void {
    integer('level', level);
    integer('name', name);
    const number = typeof value === 'boolean' ? Number(value) : integer('value', value);
    setOption(this[kLive]().fd, level, name, number);
  }

  /**
   * Bytes that may be on their way (SO_SNDBUF), overhead included. The kernel doubles what is set, up
   * to `net.core.wmem_max`. It bounds a datagram's size: the largest is 32 bytes less.
   */
  get sendBufferSize(): number {
    return this.getOption(SOL_SOCKET, SO_SNDBUF);
  }

  set sendBufferSize(bytes: number) {
    this.setOption(SOL_SOCKET, SO_SNDBUF, integer('sendBufferSize', bytes, 0));
  }

  /** SO_RCVBUF. Linux has it for Unix sockets, but without effect: set the sender's buffer. */
  get receiveBufferSize(): number {
    return this.getOption(SOL_SOCKET, SO_RCVBUF);
  }

  set receiveBufferSize(bytes: number) {
    this.setOption(SOL_SOCKET, SO_RCVBUF, integer('receiveBufferSize', bytes, 0));
  }

  /** Bytes that can be received now (SIOCINQ); of a datagram socket, those of the next message. */
  get bytesReadable(): number {
    return readIoctl(this[kLive]().fd, 'FIONREAD');
  }

  /** Bytes sent that the peer has not received yet (SIOCOUTQ), the kernel's overhead included. */
  get bytesQueued(): number {
    return readIoctl(this[kLive]().fd, 'SIOCOUTQ');
  }

  /**
   * A number that no other socket of this boot has (SO_COOKIE, Linux 4.12), as `ss -e` shows it.
   */
  get cookie(): bigint {
    const value = new BigUint64Array(1);
    const bytes = new Uint8Array(value.buffer);
    readOption(this[kLive]().fd, 'SO_COOKIE', bytes);
    return value[0] as bigint;
  }

  /**
   * Returns the peer's process, user and group when it connected, listened or made the pair (SO_PEERCRED); to
   * a client, those of whoever called listen(2). Null where there is none, as for a datagram socket
   * connected by path. macOS: LOCAL_PEERCRED and LOCAL_PEERPID.
   */
  peerCredentials(): Credentials | null {
    return peerCredentials(this[kLive]().fd);
  }

  /**
   * Returns the peer's supplementary groups, as `peerCredentials` (SO_PEERGROUPS, Linux 4.13); null where there
   * is no peer. Throws `ENOPROTOOPT` on an older kernel, `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on
   * macOS.
   */
  peerGroups(): number[] | null {
    return peerGroups(this[kLive]().fd);
  }

  /**
   * Returns a pidfd of the peer's process (SO_PEERPIDFD, Linux 6.5), the caller's to close. Null where there is
   * no peer. Its `waitExit()` resolves when the peer has ended. Throws as `peerGroups`, and EINVAL for a
   * peer that is gone already, on kernels before 6.16.
   */
  peerPidFd(): PidFd | null {
    return peerPidFd(this[kLive]().fd, this[kDescribe]());
  }

  /** Returns the peer's security label (SO_PEERSEC). Null where the system has none. */
  peerSecurityLabel(): string | null {
    return peerSecurityLabel(this[kLive]().fd);
  }

  /** Returns what the socket did so far: messages, bytes, descriptors, and what waits. Works once it is closed. */
  stats(): SocketStats {
    return statsOf(this[kHandle], this[kQueued]);
  }

  /** @internal */
  get [kQueued](): Queue {
    return EMPTY_QUEUE;
  }

  /** @internal */
  [kDescribe](): string {
    this.#described ??= nameOf(this, this[kHandle].fd);
    return this.#described;
  }

  /** Returns what `JSON.stringify` and `console.log` show: its descriptor and addresses, or that it is closed. */
  toJSON(): Description {
    return descriptionOf(this, this[kHandle].fd);
  }

  /** @internal */
  [kInspect](depth: number, options: InspectOptions): string {
    return inspected(this, depth, options);
  }

  /** @internal */
  [kLive](): Handle {
    if (this.#closed) throw closedError();
    return this[kHandle];
  }
}
