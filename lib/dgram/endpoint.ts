// The UnixDatagram of a Socket of afunix/dgram, with the callbacks that its events need.
import type { AddressLike } from '../core/address.js';
import { CONSTRUCTING } from '../core/constructing.js';
import { kDescribe, kHandle, kLive, kOnWritable, kPublic, kReport } from '../core/symbols.js';
import { nextTick, setImmediate } from '../core/timers.js';
import type { Parsed } from '../core/validate.js';
import { openHandle } from '../io/handle.js';
import { type DatagramOptions, datagramSettings } from '../io/message-options.js';
import { type BindPlan, receiveSettings } from '../io/options.js';
import { SOCK_DGRAM } from '../native/constants.js';
import { UnixDatagram } from '../sockets/datagram.js';
import { applyReceive, bindSocket } from '../sockets/set-up.js';

/** The receiver of an endpoint's events. */
export interface EndpointOwner {
  /** The `Socket` that diagnostics name. */
  readonly socket: object;
  /** Called when there may be room at the peer, after `awaitWritable()` among others. */
  onWritable(): void;
  /**
   * Called with an error of receiving. Returns false if no program listens: the next send to the peer reports it
   * then.
   */
  onError(error: Error): boolean;
}

/** The UnixDatagram below a `Socket` of afunix/dgram. */
export class DgramEndpoint extends UnixDatagram {
  #owner: EndpointOwner | undefined;
  /** Whether `awaitWritable()` was called, and `onWritable()` not since. */
  #awaits = false;

  static make(options: Parsed<DatagramOptions>, owner: EndpointOwner): DgramEndpoint {
    const receive = receiveSettings(options);
    const settings = datagramSettings(options);
    const endpoint = new DgramEndpoint(CONSTRUCTING, openHandle(SOCK_DGRAM), settings);
    endpoint.#owner = owner;
    applyReceive(endpoint, receive);
    return endpoint;
  }

  /** Binds at once, or returns a promise while another process holds the lock on the directory. */
  bindNow(plan: BindPlan): Promise<void> | undefined {
    return bindSocket(this, plan);
  }

  /** @internal The socket that diagnostics name. */
  override get [kPublic](): object {
    return this.#owner?.socket ?? this;
  }

  /** @internal Names the socket in warnings, as its user knows it. */
  override [kDescribe](): string {
    return `afunix/dgram Socket ${this[kHandle].fd}`;
  }

  /** Has the owner's `onWritable` called once. */
  awaitWritable(): void {
    this.#awaits = true;
    // A socket that cannot be watched counts as writable: the caller's next try shows what is wrong.
    if (this[kLive]().waitWritable() < 0) setImmediate(() => this[kOnWritable]());
  }

  override connect(address: AddressLike): void {
    super.connect(address);
    this.#awaitAgain();
  }

  override disconnect(): void {
    super.disconnect();
    this.#awaitAgain();
  }

  /** A wait for the former peer ended without an event: the new one is waited for. */
  #awaitAgain(): void {
    if (this.#awaits) this.awaitWritable();
  }

  /** @internal */
  override [kOnWritable](): void {
    this.#awaits = false;
    super[kOnWritable]();
    this.#owner?.onWritable();
  }

  /** @internal */
  override [kReport](error: Error): void {
    nextTick(() => {
      if (this.#owner?.onError(error) !== true) super[kReport](error);
    });
  }
}
