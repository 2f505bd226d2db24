import type { AddressLike } from '../core/address.js';
import { CONSTRUCTING } from '../core/constructing.js';
import type { Queue } from '../core/stats.js';
import { nextTick, setImmediate } from '../core/timers.js';
import type { Parsed } from '../core/validate.js';
import { openHandle } from '../io/handle.js';
import { type DatagramOptions, datagramSettings } from '../io/message-options.js';
import { type BindPlan, receiveSettings, SOCK_DGRAM } from '../io/options.js';
import { UnixDatagram } from '../sockets/datagram.js';

/** What the socket with events is told by the one with promises. */
interface Owner {
  /** What its user holds. */
  readonly socket: object;
  onWritable(): void;
  /** An error of receiving; false if nobody wants it: the next send to the peer has it then. */
  onError(error: Error): boolean;
}

/** The socket below a `dgram.Socket`. */
export class DgramEndpoint extends UnixDatagram {
  #owner: Owner | undefined;
  /** `awaitWritable()` has not been answered. */
  #awaits = false;

  static make(options: Parsed<DatagramOptions>, owner: Owner): DgramEndpoint {
    const receive = receiveSettings(options);
    const settings = datagramSettings(options);
    const endpoint = new DgramEndpoint(CONSTRUCTING, openHandle(SOCK_DGRAM), settings);
    endpoint.#owner = owner;
    endpoint.applyReceive(receive);
    return endpoint;
  }

  /** Binds, at once unless the directory is locked; then the promise tells. */
  bindNow(plan: BindPlan): Promise<void> | undefined {
    return this.tryBind(plan) ? undefined : this.bindTo(plan);
  }

  /** What diagnostics name. */
  get face(): object {
    return this.#owner?.socket ?? this;
  }

  /** Asks for `onWritable`, once. */
  awaitWritable(): void {
    this.#awaits = true;
    // Where it cannot be watched, the caller's next try tells.
    if (this.live().waitWritable() < 0) setImmediate(() => this.onWritable());
  }

  override connect(address: AddressLike): void {
    super.connect(address);
    this.#awaitAgain();
  }

  override disconnect(): void {
    super.disconnect();
    this.#awaitAgain();
  }

  /** What waited for the former peer has taken the event with it. */
  #awaitAgain(): void {
    if (this.#awaits) this.awaitWritable();
  }

  override get queued(): Queue {
    return super.queued;
  }

  override onWritable(): void {
    this.#awaits = false;
    super.onWritable();
    this.#owner?.onWritable();
  }

  protected override report(error: Error): void {
    nextTick(() => {
      if (this.#owner?.onError(error) !== true) super.report(error);
    });
  }
}
