// The end of what a Socket of afunix/net sends.
import { systemError } from '../core/errors.js';
import { setImmediate } from '../core/timers.js';
import type { Handle } from '../native/binding.js';
import { SHUT_WR } from '../native/constants.js';
import { ENOTCONN } from '../native/errno.js';
import type { WriteCallback } from './writer.js';

/**
 * Shuts a handle for writing. As with node:net, 'finish' comes later in the loop than `end()`, but before anything
 * that the peer does meanwhile: who owns it completes it before it reads.
 */
export class Shutdown {
  readonly #handle: Handle;
  #done: WriteCallback | undefined;

  /** `done` is called later: for 'finish', or with the error. */
  constructor(handle: Handle, done: WriteCallback) {
    this.#handle = handle;
    this.#done = done;
    setImmediate(Shutdown.#complete, this);
  }

  /** Ends it now, if it has not ended. */
  complete(): void {
    const done = this.#done;
    if (done === undefined) return;
    this.#done = undefined;
    const result = this.#handle.fd < 0 ? 0 : this.#handle.shutdown(SHUT_WR);
    done(result === 0 || result === ENOTCONN ? null : systemError('shutdown', result));
  }

  // Shared by all: a closure for each would cost more memory.
  static #complete(shutdown: Shutdown): void {
    shutdown.complete();
  }
}
