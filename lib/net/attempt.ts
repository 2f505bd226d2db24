// A Socket of afunix/net on its way to its peer.
import { type AddressLike, UnixAddress } from '../core/address.js';
import { setImmediate } from '../core/timers.js';
import { Backoff } from '../io/backoff.js';
import { Retry } from '../io/retry-timer.js';
import { type Handle, native } from '../native/binding.js';

const EAGAIN = -(native.errnos.EAGAIN as number);

/** The socket that connects. */
interface Connecting {
  /** `result`: 0, or -errno. */
  connected(attempt: ConnectAttempt, result: number): void;
}

/** One call of `connect()`. */
export class ConnectAttempt {
  readonly handle: Handle;
  readonly address: UnixAddress;
  /** The address as the caller gave it. */
  readonly path: AddressLike;
  readonly #socket: Connecting;
  readonly #referenced: boolean;
  /** Both made for a full backlog. */
  #retry: Retry | undefined;
  #backoff: Backoff | undefined;

  /** `referenced`: whether to wait keeps the process alive. */
  constructor(
    socket: Connecting,
    handle: Handle,
    address: UnixAddress,
    path: AddressLike,
    referenced: boolean,
  ) {
    this.#socket = socket;
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
    // Not in this turn, nor in its microtasks: as node:net, which has it from the event loop.
    setImmediate(ConnectAttempt.#end, this, result);
  }

  /** Shared by all: one of their own closures would cost more memory. */
  static #end(attempt: ConnectAttempt, result: number): void {
    attempt.#socket.connected(attempt, result);
  }

  cancel(): void {
    this.#retry?.cancel();
  }

  setReference(referenced: boolean): void {
    this.#retry?.setReference(referenced);
  }
}
