// One call of `connect()` of a Socket of afunix/net.
import { type AddressLike, UnixAddress } from '../core/address.js';
import { setImmediate } from '../core/timers.js';
import { Backoff } from '../io/backoff.js';
import { Retry } from '../io/retry-timer.js';
import type { Handle } from '../native/binding.js';
import { EAGAIN } from '../native/errno.js';

/** The owner of an attempt. */
interface AttemptOwner {
  /** Called when the attempt ends. `result` is 0, or -errno. */
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
  /** Both made for a full backlog. */
  #retry: Retry | undefined;
  #backoff: Backoff | undefined;

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

  /** Asks the kernel, until the backlog has room. */
  go(): void {
    const result = this.handle.connect(UnixAddress.bytesOf(this.address));
    if (result === EAGAIN) {
      // Nothing tells when there is room again, so time has to.
      this.#backoff ??= new Backoff(1, 100);
      this.#retry ??= new Retry(this.#referenced);
      this.#retry.after(this.#backoff.next(), () => this.go());
      return;
    }
    // node:net gets the result from the event loop: not in this turn of it, and not in its microtasks.
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
