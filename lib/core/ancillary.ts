import { type Credentials, credentialsOf } from './credentials.js';
import { descriptorsOf, type Sendable } from './fd-like.js';
import type { Names } from './known.js';
import type { Parsed } from './validate.js';

/** What can go beside the bytes of a message. */
export interface BesideOptions {
  /**
   * Descriptors to send with the message, at most 253. The sender keeps its own: duplicates are kept
   * while the message waits.
   */
  fds?: readonly Sendable[];
  /**
   * Whom the receiver is told the message is from, instead of this process (SCM_CREDENTIALS, Linux).
   * EPERM unless they are this process's, or it may choose them: CAP_SYS_ADMIN for the pid, CAP_SETUID
   * and CAP_SETGID for the others. ESRCH if there is no such process.
   */
  credentials?: Credentials;
}

export const BESIDE: Names<BesideOptions> = { fds: 1, credentials: 1 };

/** Checked `BesideOptions`. */
export interface Beside {
  readonly fds: readonly number[] | undefined;
  readonly credentials: Credentials | undefined;
}

/** What goes beside a message; undefined for nothing, which has a shorter way. */
export function besideOf({ fds, credentials }: Parsed<BesideOptions>): Beside | undefined {
  if (fds === undefined && credentials === undefined) return undefined;
  const beside = {
    fds: descriptorsOf(fds),
    credentials: credentialsOf('options.credentials', credentials),
  };
  return beside.fds === undefined && beside.credentials === undefined ? undefined : beside;
}
