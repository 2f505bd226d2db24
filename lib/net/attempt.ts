// One call of `connect()` of a Socket of afunix/net.
import type { AddressLike, UnixAddress } from '../core/address.js';
import { RetryTimer } from '../core/retry-timer.js';
import { setImmediate } from '../core/timers.js';
import { connectHandle } from '../io/establish.js';
import type { Handle } from '../native/binding.js';

/** The owner of an attempt. */
interface AttemptOwner {
  /** Called when the attempt ends, unless its handle becomes writable: then it is connected. `result`: 0, or -errno. */
  connected(attempt: ConnectAttempt, result: number): void;
}

/** Connects a handle, and waits for room in the backlog. */
export class ConnectAttempt {
  readonly handle: Handle;
  readonly address: UnixAddress;
  /** The address as the caller gave it. */
  readonly path: AddressLike;
  readonly #owner: AttemptOwner;
  readonly #referenced: boolean;
  /** Made for a full backlog. */
  #retry: RetryTimer | undefined;

  /** `referenced`: whether waiting keeps the process alive. */
  constructor(
    owner: AttemptOwner,
    handle: Handle,
    address: UnixAddress,
    path: AddressLike,
    referenced: boolean,
  ) {
    this.#owner = owner;
    this.handle = handle;
    this.address = address;
    this.path = path;
    this.#referenced = referenced;
  }

  /** Connects, or waits until the backlog has room. Its owner is called later. */
  go(): void {
    const result = connectHandle(this.handle, this.address, Number.POSITIVE_INFINITY, this);
    if (result !== undefined) this.done(result);
  }

  /** Returns the timer to wait with for a full backlog. */
  timer(): RetryTimer {
    this.#retry ??= new RetryTimer(this.#referenced);
    return this.#retry;
  }

  /**
   * Reports the result through the event loop, as node:net does. A connected socket is writable. That event follows
   * those of a server in this process, which emits 'connection' before 'connect' then.
   */
  done(result: number): void {
    if (result === 0 && this.handle.waitWritable() === 0) return;
    setImmediate(ConnectAttempt.#end, this, result);
  }

  /** Ends an attempt. It is shared by all, because a closure for each would cost more memory. */
  static #end(attempt: ConnectAttempt, result: number): void {
    attempt.#owner.connected(attempt, result);
  }

  cancel(): void {
    this.#retry?.cancel();
  }

  setReference(referenced: boolean): void {
    this.#retry?.setReference(referenced);
  }
}
