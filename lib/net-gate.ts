import { invalidArgType } from './errors.js';
import type { Handle } from './native.js';
import type { AuthorizeOptions } from './options.js';
import { type Peer, peerOf } from './peer.js';

type Authorize = NonNullable<AuthorizeOptions['authorize']>;

/** Who a server tells about the connections that `authorize` has decided. */
export interface GateOwner {
  admit(handle: Handle): void;
  /** The handle is closed. */
  refuse(peer: Peer): void;
}

/** Lets in whom `authorize` lets in: at once, or when its promise says so. */
export class Gate {
  readonly #authorize: Authorize;
  readonly #owner: GateOwner;
  readonly #undecided = new Set<Handle>();
  #reported = false;

  constructor(authorize: Authorize, owner: GateOwner) {
    this.#authorize = authorize;
    this.#owner = owner;
  }

  /** Connections that wait for a promise. */
  get waiting(): number {
    return this.#undecided.size;
  }

  /** Asks about a connection, whose handle is the gate's from here on until it is admitted. */
  ask(handle: Handle): void {
    const peer = peerOf(handle);
    this.#undecided.add(handle);
    let verdict: unknown;
    try {
      verdict = this.#authorize(peer);
    } catch (error) {
      this.#fail(handle, peer, error);
      return;
    }
    if (typeof (verdict as PromiseLike<unknown> | null)?.then !== 'function') {
      this.#decide(handle, peer, verdict);
      return;
    }
    (verdict as PromiseLike<unknown>).then(
      (later) => this.#decide(handle, peer, later),
      (error) => this.#fail(handle, peer, error),
    );
  }

  /** Refuses all that wait. */
  close(): void {
    for (const handle of this.#undecided) handle.close();
    this.#undecided.clear();
  }

  #decide(handle: Handle, peer: Peer, verdict: unknown): void {
    if (typeof verdict !== 'boolean') {
      this.#fail(handle, peer, invalidArgType('authorize()', 'of type boolean', verdict));
    } else if (this.#undecided.delete(handle)) {
      if (verdict) {
        this.#owner.admit(handle);
        return;
      }
      handle.close();
      this.#owner.refuse(peer);
    }
  }

  #fail(handle: Handle, peer: Peer, error: unknown): void {
    this.#decide(handle, peer, false);
    if (this.#reported) return;
    this.#reported = true;
    process.emitWarning('authorize failed; the connection was refused, and so will be others', {
      type: 'Warning',
      code: 'AFUNIX_AUTHORIZE_FAILED',
      detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
}
