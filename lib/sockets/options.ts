// Options of the methods of sockets, and their checks.
import type { AddressLike } from '../core/address.js';
import { ANCILLARY, type AncillaryOptions } from '../core/ancillary.js';
import { invalidArgType } from '../core/errors.js';
import { Known, type Names } from '../core/known.js';
import { checkSignal, optionsOf } from '../core/validate.js';
import { MAX_RECEIVED_PER_TURN } from '../io/budget.js';
import type { SocketOptions } from '../net/options.js';

/** Options of `receive`. */
export interface ReceiveMessageOptions {
  /** Stops waiting, with an `AbortError`. Nothing is lost. */
  signal?: AbortSignal;
  /**
   * Leaves the message where it is, for the next `receive` (MSG_PEEK). Its descriptors are duplicates,
   * the caller's to close as ever. Default false.
   */
  peek?: boolean;
}

/** Options of `onMessages`. */
export interface OnMessagesOptions {
  /**
   * `data` and `from` of the messages are valid until the callback returns: their memory is used
   * again, and must not be transferred. For those who look at each message once. Default false: they
   * are the receiver's to keep.
   */
  reuse?: boolean;
  /**
   * Called with an error that receiving brings, such as ECONNRESET: the peer connected elsewhere and
   * dropped what it had not received. The socket goes on. Without it the next `send` to the peer, or
   * the next `receive`, rejects with the error.
   */
  onError?: (error: Error) => void;
}

export const ON_MESSAGES: Names<OnMessagesOptions> = { reuse: 1, onError: 1 };

/** The receive that a call of `receive()`, or a step of an iteration, asks for. */
export interface Wanted {
  readonly signal: AbortSignal | undefined;
  readonly peek: boolean;
  /** How many messages to receive at once. Those that nobody asked for yet are kept. */
  readonly batch: number;
}

export const DEFAULTS: Wanted = { signal: undefined, peek: false, batch: 1 };
export const ITERATION: Wanted = { ...DEFAULTS, batch: MAX_RECEIVED_PER_TURN };

const RECEIVE = new Known<ReceiveMessageOptions>('receive', { signal: 1, peek: 1 });

/** Checks the options of `receive()`. */
export function receiveOptionsOf(options: ReceiveMessageOptions): Wanted {
  const { signal, peek = false } = optionsOf(options, RECEIVE);
  checkSignal(signal);
  if (typeof peek !== 'boolean') throw invalidArgType('options.peek', 'of type boolean', peek);
  return { signal, peek, batch: 1 };
}

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

/** Options of `write`. Descriptors go with the first byte, credentials with all. */
export interface WriteOptions extends AncillaryOptions {
  /**
   * Stops waiting: rejects with an `AbortError` whose `bytesWritten` says how many bytes had gone by
   * then. The rest was not sent.
   */
  signal?: AbortSignal;
}

/** Options of `read` and `receive`. */
export interface ReadOptions {
  /** Stops waiting, with an `AbortError`. Nothing is lost. */
  signal?: AbortSignal;
}

export const READ: Names<ReadOptions> = { signal: 1 };
export const WRITE: Names<WriteOptions> = { ...ANCILLARY, signal: 1 };

type ToDuplexOptions = Pick<SocketOptions, 'allowHalfOpen' | 'highWaterMark' | 'signal'>;
export const TO_DUPLEX: Known<ToDuplexOptions> = new Known<ToDuplexOptions>('UnixStream.toDuplex', {
  allowHalfOpen: 1,
  highWaterMark: 1,
  signal: 1,
});
