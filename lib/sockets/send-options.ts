// Options of sending messages.
import type { AddressLike } from '../core/address.js';
import { ANCILLARY, type AncillaryOptions } from '../core/ancillary.js';
import type { Names } from '../core/known.js';

/** Options of `send`. */
export interface SendOptions extends AncillaryOptions {
  /** Takes the message out of the queue, with an `AbortError`. */
  signal?: AbortSignal;
}

/** Options of `send`; those of `trySend` are the same without `signal`. */
export interface SendDatagramOptions extends SendOptions {
  /** Where to; the connected peer by default. A `UnixAddress` is parsed once. */
  to?: AddressLike;
}

export const SEND: Names<SendOptions> = { ...ANCILLARY, signal: 1 };
export const SEND_DATAGRAM: Names<SendDatagramOptions> = { ...SEND, to: 1 };
