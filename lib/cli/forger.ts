// Credentials of another process, sent in its name.
import type { Message } from '../index.js';
import type { Notes } from './notes.js';
import type { Talk } from './talk.js';

/** The errors of a process that may not send another one's credentials, and of a process that is gone. */
const REFUSED = ['EPERM', 'ESRCH'];

/** Sends messages with their senders' credentials, for as long as the kernel takes them. */
export class Forger {
  readonly #notes: Notes;
  #allowed = true;

  constructor(notes: Notes) {
    this.#notes = notes;
  }

  /** Sends a message on. The receiver sees this process as its sender if the kernel refuses another one. */
  async send(to: Pick<Talk, 'send'>, { data, fds, credentials }: Message): Promise<void> {
    let refused = false;
    // The kernel's own number for a process that cannot be named here is 0.
    if (this.#allowed && credentials !== null && credentials.pid > 0) {
      try {
        return await to.send(data, { fds, credentials });
      } catch (error) {
        const { code = '' } = error as NodeJS.ErrnoException;
        if (!REFUSED.includes(code)) throw error;
        refused = code === 'EPERM';
      }
    }
    await to.send(data, { fds });
    if (!refused) return;
    // It was the credentials that were refused, not the descriptors.
    this.#allowed = false;
    this.#notes.say('credentials are not passed on: that takes root, or CAP_SYS_ADMIN');
  }
}
