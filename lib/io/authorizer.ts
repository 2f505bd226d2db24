import { CONSTRUCTING } from '../core/constructing.js';
import { describeValue, invalidArgType } from '../core/errors.js';
import { bare } from '../native/bare.js';
import type { Handle } from '../native/binding.js';
import type { AuthorizeOptions } from './options.js';
import { Peer } from './peer.js';

type Authorize = NonNullable<AuthorizeOptions['authorize']>;

/** Decisions that may be pending at a time. Further connections stay in the backlog. */
const MAX_PENDING = 256;

/** The listener or server whose connections an `Authorizer` decides on. */
export interface AuthorizerOwner {
  /** Names the owner in the warning. */
  describe(): string;
  /** Takes over a connection that is let in, within `ask()` or later. */
  admit(handle: Handle): void;
  /**
   * Learns of a connection that is refused, within `ask()` or later. Its handle is closed. `peer` is
   * undefined if the kernel failed to report who it is.
   */
  refuse(peer: Peer | undefined): void;
  /** Called after each `admit()` or `refuse()` that did not come within `ask()`. */
  decidedLater(): void;
}

/**
 * Decides by `authorize` which connections a listener hands over. Whatever `authorize` returns or throws,
 * each connection is admitted once, or closed and refused once, unless `close()` comes before.
 */
export class Authorizer {
  readonly #authorize: Authorize;
  readonly #owner: AuthorizerOwner;
  /** The connections asked about. `close()` empties it: no decision counts after that. */
  readonly #pending = new Set<Handle>();
  #warned = false;

  constructor(authorize: Authorize, owner: AuthorizerOwner) {
    this.#authorize = authorize;
    this.#owner = owner;
  }

  /** Connections that wait for a decision. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Whether no further connection may be asked about. */
  get full(): boolean {
    return this.#pending.size >= MAX_PENDING;
  }

  /** Asks about a connection. Its handle is the authorizer's until the owner admits it. */
  ask(handle: Handle): void {
    this.#pending.add(handle);
    const authorize = this.#authorize;
    let peer: Peer | undefined;
    let verdict: unknown;
    try {
      peer = new Peer(CONSTRUCTING, handle);
      verdict = authorize(peer);
    } catch (error) {
      this.#fail(handle, peer, error);
      return;
    }
    if (typeof verdict === 'function' || (typeof verdict === 'object' && verdict !== null)) {
      this.#wait(handle, peer, verdict);
    } else {
      this.#decide(handle, peer, verdict);
    }
  }

  /** Closes the connections that wait for a decision. */
  close(): void {
    const handles = [...this.#pending];
    this.#pending.clear();
    for (const handle of handles) handle.close();
  }

  /** Waits for what may be a promise. `resolve` calls a hostile `then` safely, and settles once. */
  #wait(handle: Handle, peer: Peer, verdict: object): void {
    new Promise<unknown>((resolve) => resolve(verdict)).then(
      (settled) => this.#later(handle, () => this.#decide(handle, peer, settled)),
      (error) => this.#later(handle, () => this.#fail(handle, peer, error)),
    );
  }

  #later(handle: Handle, decide: () => void): void {
    if (!this.#pending.has(handle)) return;
    try {
      decide();
    } finally {
      // Also when the owner's user threw: the owner goes on with the next connection.
      this.#owner.decidedLater();
    }
  }

  #decide(handle: Handle, peer: Peer | undefined, verdict: unknown): void {
    if (typeof verdict !== 'boolean') {
      this.#fail(handle, peer, invalidArgType('authorize()', 'of type boolean', verdict));
    } else if (this.#pending.delete(handle)) {
      if (verdict) {
        this.#owner.admit(handle);
      } else {
        handle.close();
        this.#owner.refuse(peer);
      }
    }
  }

  #fail(handle: Handle, peer: Peer | undefined, error: unknown): void {
    if (!this.#pending.has(handle)) return;
    this.#warn(error);
    this.#decide(handle, peer, false);
  }

  #warn(error: unknown): void {
    if (this.#warned) return;
    this.#warned = true;
    process.emitWarning(
      `authorize of ${this.#owner.describe()} failed; the connection was refused, and so will be any other for which it fails`,
      bare({ type: 'Warning', code: 'AFUNIX_AUTHORIZE_FAILED', detail: describeValue(error) }),
    );
  }
}
