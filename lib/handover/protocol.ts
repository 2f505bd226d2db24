// What a process and its successor say to each other.
import type { Credentials } from '../core/credentials.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import type { Channel } from './channel.js';

/** A message between a process and its successor. */
export type Message =
  /** From the predecessor, first. Descriptors: the socket of handovers, then one for each name. */
  | { readonly type: 'offer'; readonly names: readonly string[] }
  /** From the predecessor, in place of an offer. */
  | { readonly type: 'refusal' }
  /** From the successor: it accepts. */
  | { readonly type: 'ready'; readonly takesConnections: boolean }
  /** From the predecessor: it accepts no more. */
  | { readonly type: 'stopped' }
  /** From the predecessor: it goes on, because the successor was not ready in time. */
  | { readonly type: 'expired' }
  /** From the predecessor, after 'stopped', with the descriptor of a connection. */
  | { readonly type: 'connection'; readonly data: unknown };

export type HandoverChannel = Channel<Message>;

/** Checked options of `takeOver`. */
export interface Settings {
  readonly authorize: (process: Credentials) => boolean | Promise<boolean>;
  readonly readyTimeout: number;
  readonly idleTimeout: number;
  readonly onConnection: ((connection: FileDescriptor, data: unknown) => void) | undefined;
}
