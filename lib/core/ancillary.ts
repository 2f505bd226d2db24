import { type Credentials, credentialsOf } from './credentials.js';
import { descriptorsOf, type FdLike } from './fd-like.js';
import type { Names } from './known.js';
import type { Parsed } from './validate.js';

/** The ancillary data that a message can carry: descriptors and credentials. */
export interface AncillaryOptions {
  /**
   * Descriptors to send with the message, at most 253. The sender keeps its own: duplicates are kept
   * while the message waits.
   */
  fds?: readonly FdLike[];
  /**
   * The credentials that the receiver gets, instead of those of this process (SCM_CREDENTIALS, Linux).
   * EPERM unless they are this process's, or it may choose them: CAP_SYS_ADMIN for the pid, CAP_SETUID
   * and CAP_SETGID for the others. ESRCH if there is no such process.
   */
  credentials?: Credentials;
}

export const ANCILLARY: Names<AncillaryOptions> = { fds: 1, credentials: 1 };

/** Checked `AncillaryOptions`. */
export interface Ancillary {
  readonly fds: readonly number[] | undefined;
  readonly credentials: Credentials | undefined;
}

/**
 * Validates ancillary options. Returns undefined when there are none, so that the caller can use
 * send(2).
 */
export function ancillaryOf({ fds, credentials }: Parsed<AncillaryOptions>): Ancillary | undefined {
  if (fds === undefined && credentials === undefined) return undefined;
  const ancillary = {
    fds: descriptorsOf(fds),
    credentials: credentialsOf('options.credentials', credentials),
  };
  return ancillary.fds === undefined && ancillary.credentials === undefined ? undefined : ancillary;
}
