import { UnixAddress } from '../core/address.js';
import { type CONSTRUCTING, checkConstructing } from '../core/constructing.js';
import type { Credentials } from '../core/credentials.js';
import { publishConnect } from '../core/diagnostics.js';
import {
  bindError,
  check,
  closedError,
  invalidState,
  systemError,
  unavailable,
} from '../core/errors.js';
import { FileDescriptor, OWNED } from '../core/file-descriptor.js';
import { getOption, readOption, setOption } from '../core/sockopt.js';
import { nothing, type Queue, type SocketStats, statsOf } from '../core/stats.js';
import { markAsUncloneable } from '../core/uncloneable.js';
import { checkSignal, integer } from '../core/validate.js';
import { Deferred } from '../io/deferred.js';
import { bindHandle, connectHandle, type Waiting } from '../io/establish.js';
import { configureReceive } from '../io/handle.js';
import type { BindPlan, ConnectPlan, ReceiveSettings } from '../io/options.js';
import { peerCredentials, peerGroups, peerPidFd, peerSecurityLabel } from '../io/peer.js';
import type { PidFd } from '../io/pidfd.js';
import { RetryTimer } from '../io/retry-timer.js';
import { type Handle, native, READABLE, WRITABLE } from '../native/binding.js';
import { constants, SO_RCVBUF, SO_SNDBUF, SOL_SOCKET } from '../native/constants.js';

const plain: ReceiveSettings = { maxFds: 0, credentials: false, pidfds: false, busyPoll: 0 };

/**
 * What every Unix socket of this package has.
 *
 * One that nobody holds any more stays open while something is awaited on it: a read or an accept that is
 * pending, a callback that gets its messages. One that waits for nothing is closed when it is collected.
 */
export abstract class UnixSocket implements AsyncDisposable {
  /** @internal */
  protected readonly handle: Handle;
  /** @internal What it receives beside the bytes. */
  protected receives: ReceiveSettings = plain;
  /** @internal The bytes of a message that are received; 0: all of them. */
  protected maxMessageSize = 0;
  #described: string | undefined;
  #boundAddress: UnixAddress | undefined;
  #connectedAddress: UnixAddress | undefined;
  #closed = false;
  #referenced = true;
  #retry: RetryTimer | undefined;

  /** @internal Takes the handle over. */
  constructor(key: typeof CONSTRUCTING, handle: Handle) {
    checkConstructing(key, new.target.name, 'connect(), bind(), pair() or fromFd() of its class');
    this.handle = handle;
    handle.owner = this;
    markAsUncloneable(this);
  }

  /** @internal */
  abstract onReadable(result: number): void;
  /** @internal */
  abstract onWritable(): void;
  /** @internal Settles what is pending. Called once, before the descriptor is closed. */
  protected abstract settle(error: Error): void;

  /** @internal The most descriptors a message may bring. */
  get maxFds(): number {
    return this.receives.maxFds;
  }

  /** The descriptor's number, still owned by this socket; -1 once closed or detached. */
  get fd(): number {
    return this.#closed ? -1 : this.handle.fd;
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
    const bytes = native.raw.getsockname(this.handle.fd);
    return typeof bytes === 'number' ? null : UnixAddress.fromKernel(bytes);
  }

  #boundPath(): UnixAddress | undefined {
    const { boundPath } = this.handle;
    return boundPath === undefined ? undefined : UnixAddress.fromBytes(boundPath);
  }

  /**
   * The address of its peer: the one this socket connected to, a pathname absolute; else the one that the
   * kernel tells (getpeername(2)). Unnamed if the peer is bound to none, or if the kernel's answer cannot be
   * right in this process, as `/proc/self/fd/3/x`; null without a peer.
   */
  get peerAddress(): UnixAddress | null {
    if (this.#closed) return null;
    const bytes = native.raw.getpeername(this.handle.fd);
    if (typeof bytes === 'number') return null;
    return this.#connectedAddress ?? UnixAddress.fromKernel(bytes);
  }

  /** @internal After connect(2); undefined: it has no peer any more. */
  protected setPeerAddress(address: UnixAddress | undefined): void {
    this.#connectedAddress = address === undefined ? undefined : UnixAddress.absolute(address);
  }

  /** @internal To `connection`, which it accepted, the kernel tells the same name as to the listener. */
  protected passLocalAddress(connection: UnixSocket): void {
    this.#boundAddress ??= this.#boundPath();
    connection.#boundAddress = this.#boundAddress;
  }

  /**
   * Closes the socket: pending operations reject with `ERR_SOCKET_CLOSED`, iterators end, the socket
   * file that this socket made is removed if it is still there. Resolves when the descriptor is gone.
   * May be called twice.
   */
  close(): Promise<void> {
    this.shut();
    return Promise.resolve();
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal What `close()` does, at once. */
  protected shut(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#retry?.cancel();
    this.settle(closedError());
    this.handle.close();
  }

  /**
   * Gives the descriptor away, open; the socket file stays. Of a datagram socket with a long path, answers to
   * `from` fail from now on (docs/datagrams.md). Pending operations reject and the socket
   * is closed. Throws `ERR_SOCKET_CLOSED` if it is already, `ERR_INVALID_STATE` if it holds received
   * messages that were not taken: they would be lost.
   */
  detach(): FileDescriptor {
    this.live();
    // Now: once the socket is closed nothing tells its name.
    const origin = `detached from ${this.describe()}`;
    return new FileDescriptor(this.release().detach(), origin, OWNED);
  }

  /** @internal Gives the open handle away, as `detach()` does its descriptor. */
  protected release(): Handle {
    const handle = this.live();
    if (this.unread() > 0) {
      throw invalidState('received messages were not taken yet; receive them first');
    }
    this.#closed = true;
    this.#retry?.cancel();
    this.settle(closedError());
    handle.stop(READABLE | WRITABLE);
    return handle;
  }

  /** @internal Messages received and not yet taken. */
  protected unread(): number {
    return 0;
  }

  /** While something is awaited on it, the socket keeps the process alive. This is the default. */
  ref(): this {
    this.setReference(true);
    return this;
  }

  /** The socket no longer keeps the process alive. */
  unref(): this {
    this.setReference(false);
    return this;
  }

  /** @internal */
  protected setReference(referenced: boolean): void {
    this.#referenced = referenced;
    if (referenced) this.handle.ref();
    else this.handle.unref();
    this.#retry?.setReference(referenced);
  }

  /** @internal Whether it keeps the process alive while something is awaited on it. */
  protected get referenced(): boolean {
    return this.#referenced;
  }

  /** @internal For what the kernel cannot tell about: one thing at a time. */
  protected get retry(): RetryTimer {
    this.#retry ??= new RetryTimer(this.#referenced);
    return this.#retry;
  }

  /** An integer option, as getsockopt(2) has it. `level` is `SOL_SOCKET` for all of unix(7). */
  getOption(level: number, name: number): number {
    integer('level', level);
    integer('name', name);
    return getOption(this.live().fd, level, name);
  }

  /** Sets an integer option, as setsockopt(2) does. */
  setOption(level: number, name: number, value: number | boolean): void {
    integer('level', level);
    integer('name', name);
    const number = typeof value === 'boolean' ? Number(value) : integer('value', value);
    setOption(this.live().fd, level, name, number);
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
    return this.#ioctl('FIONREAD');
  }

  /** Bytes sent that the peer has not received yet (SIOCOUTQ), the kernel's overhead included. */
  get bytesQueued(): number {
    return this.#ioctl('SIOCOUTQ');
  }

  #ioctl(name: string): number {
    const request = constants[name];
    if (request === undefined) throw unavailable(name);
    const result = native.raw.ioctl(this.live().fd, request, 0);
    if (typeof result === 'number') throw systemError('ioctl', result);
    return result[0];
  }

  /**
   * A number that no other socket of this boot has (SO_COOKIE, Linux 4.12), as `ss -e` shows it.
   */
  get cookie(): bigint {
    const value = new BigUint64Array(1);
    const bytes = new Uint8Array(value.buffer);
    readOption(this.live().fd, 'SO_COOKIE', bytes);
    return value[0] as bigint;
  }

  /**
   * The peer's process, user and group when it connected, listened or made the pair (SO_PEERCRED); to
   * a client, those of whoever called listen(2). Null where there is none, as for a datagram socket
   * connected by path. macOS: LOCAL_PEERCRED and LOCAL_PEERPID.
   */
  peerCredentials(): Credentials | null {
    return peerCredentials(this.live().fd);
  }

  /**
   * The peer's supplementary groups, as `peerCredentials` (SO_PEERGROUPS, Linux 4.13); null where there
   * is no peer. Throws `ENOPROTOOPT` on an older kernel, `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on
   * macOS.
   */
  peerGroups(): number[] | null {
    return peerGroups(this.live().fd);
  }

  /**
   * A pidfd of the peer's process (SO_PEERPIDFD, Linux 6.5), the caller's to close; null where there is
   * no peer. `waitExit()` of it tells of the peer's death. Throws as `peerGroups`, and EINVAL for a
   * peer that is gone already on kernels that cannot tell of it.
   */
  peerPidFd(): PidFd | null {
    return peerPidFd(this.live().fd, this.describe());
  }

  /** The peer's security label (SO_PEERSEC); null where the system has none. */
  peerSecurityLabel(): string | null {
    return peerSecurityLabel(this.live().fd);
  }

  /** What it did so far: messages, bytes, descriptors, and what waits. Also once it is closed. */
  stats(): SocketStats {
    return statsOf(this.handle, this.queued);
  }

  /** @internal What waits to be sent. */
  protected get queued(): Queue {
    return nothing;
  }

  /** @internal What it is, for warnings. */
  describe(): string {
    const name = this.constructor.name;
    if (this.#described === undefined) {
      const own = this.localAddress;
      const peer = this.peerAddress;
      if (own !== null && own.kind !== 'unnamed') this.#described = `${name} at ${own}`;
      else if (peer !== null && peer.kind !== 'unnamed') this.#described = `${name} to ${peer}`;
      else this.#described = `${name} ${this.fd}`;
    }
    return this.#described;
  }

  /** @internal The handle, unless the socket is closed. */
  protected live(): Handle {
    if (this.#closed) throw closedError();
    return this.handle;
  }

  /** @internal Sets what the socket receives beside the bytes. Closes the socket if it cannot. */
  protected applyReceive(settings: ReceiveSettings): void {
    this.receives = settings;
    try {
      configureReceive(this.handle, settings, this.maxMessageSize);
    } catch (error) {
      this.shut();
      throw error;
    }
  }

  /** @internal Binds, and listens if `backlog` is not negative. Closes the socket if it cannot. */
  protected async establishBound(plan: BindPlan, backlog = -1): Promise<void> {
    await this.#orClose(async () => {
      this.applyReceive(plan.receive);
      await this.bindTo(plan, backlog);
    });
  }

  /** @internal Connects. Closes the socket if it cannot. */
  protected async establishConnected(plan: ConnectPlan): Promise<void> {
    await this.#orClose(async () => {
      this.applyReceive(plan.receive);
      if (plan.local !== undefined) await this.bindTo(plan.local, -1, plan.signal);
      await this.#connect(plan);
    });
  }

  async #orClose(setUp: () => Promise<void>): Promise<void> {
    try {
      await setUp();
    } catch (error) {
      this.shut();
      throw error;
    }
  }

  /**
   * @internal Binds, and listens if `backlog` is not negative. Returns a promise if another process holds the lock on
   * the directory, else undefined: then it is done.
   */
  protected bindTo(plan: BindPlan, backlog = -1, signal?: AbortSignal): Promise<void> | undefined {
    const { address } = plan;
    const bound = this.#wait((waiting) => bindHandle(this.live(), plan, backlog, waiting), signal);
    if (typeof bound !== 'number') return bound.then((result) => checkBound(result, address));
    checkBound(bound, address);
    return undefined;
  }

  async #connect(plan: ConnectPlan): Promise<void> {
    const { address, signal, timeout } = plan;
    // Binding took a turn, in which it may have been aborted: an aborted signal fires no more.
    checkSignal(signal);
    const result = await this.#wait(
      (waiting) => connectHandle(this.live(), address, timeout, waiting),
      signal,
    );
    check('connect', result, address);
    this.setPeerAddress(address);
    publishConnect(this, address);
  }

  /** Returns the result of an attempt, or a promise of it if it has to wait. */
  #wait(
    attempt: (waiting: Waiting) => number | undefined,
    signal: AbortSignal | undefined,
  ): number | Promise<number> {
    let deferred: Deferred<number> | undefined;
    const result = attempt({
      timer: () => this.retry,
      done: (late) => deferred?.resolve(late),
    });
    if (result !== undefined) return result;
    deferred = new Deferred<number>(signal, () => this.retry.cancel());
    return deferred.promise;
  }
}

function checkBound(result: number, address: UnixAddress): void {
  if (result < 0) throw bindError(result, address);
}
