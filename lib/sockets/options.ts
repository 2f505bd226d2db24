// Options of the methods of sockets, and their checks.
import type { AddressLike } from '../core/address.js';
import { ANCILLARY, type AncillaryOptions } from '../core/ancillary.js';
import { invalidArgType } from '../core/errors.js';
import { Known, type Names } from '../core/known.js';
import { bufferOf, checkSignal, optionsOf } from '../core/validate.js';
import { MAX_RECEIVED_PER_TURN } from '../io/budget.js';
import type { SocketOptions } from '../net/options.js';

/** Options of `receive` of a stream. */
export interface ReceiveStreamOptions {
  /** Stops waiting, with an `AbortError`. Nothing is lost. */
  signal?: AbortSignal;
  /**
   * Leaves the message where it is, for the next `receive` (MSG_PEEK). Its descriptors are duplicates,
   * the caller's to close as ever. Default false.
   */
  peek?: boolean;
}

/** Options of `receive` of a socket that keeps messages apart. */
export interface ReceiveMessageOptions extends ReceiveStreamOptions {
  /**
   * The caller's memory, which may be shared (SharedArrayBuffer): the message's bytes are put there, from its start on, and
   * `data` is a view of them. Nothing is allocated for them. A message that is longer is cut, and says `truncated`. Calls
   * that wait at the same time need memory of their own each. If it is detached while the call waits, or becomes too short
   * for its view, the call rejects with `ERR_INVALID_STATE`, and the message is left for the next one. Default: memory
   * that is the caller's to keep.
   */
  buffer?: Uint8Array;
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
  /** The caller's memory for the message. */
  readonly buffer: Uint8Array | undefined;
  /** How many messages to receive at once. Those that nobody asked for yet are kept. */
  readonly batch: number;
}

export const DEFAULTS: Wanted = { signal: undefined, peek: false, buffer: undefined, batch: 1 };
export const ITERATION: Wanted = { ...DEFAULTS, batch: MAX_RECEIVED_PER_TURN };

const RECEIVE_STREAM: Names<ReceiveStreamOptions> = { signal: 1, peek: 1 };
const STREAM = new Known<ReceiveStreamOptions>('receive', RECEIVE_STREAM);
const MESSAGE = new Known<ReceiveMessageOptions>('receive', { ...RECEIVE_STREAM, buffer: 1 });

/** Checks the options of `receive()` of a stream. */
export function streamReceiveOf(options: ReceiveStreamOptions): Wanted {
  return wantedOf(optionsOf(options, STREAM), undefined);
}

/** Checks the options of `receive()` of a socket that keeps messages apart. */
export function messageReceiveOf(options: ReceiveMessageOptions): Wanted {
  const parsed = optionsOf(options, MESSAGE);
  return wantedOf(parsed, parsed.buffer);
}

function wantedOf({ signal, peek = false }: ReceiveStreamOptions, buffer: unknown): Wanted {
  checkSignal(signal);
  if (typeof peek !== 'boolean') throw invalidArgType('options.peek', 'of type boolean', peek);
  const memory = buffer === undefined ? undefined : bufferOf('options.buffer', buffer);
  return { signal, peek, buffer: memory, batch: 1 };
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

/** Options of `sendFile`. */
export interface SendFileOptions {
  /** The offset in bytes of the first byte to send, from 0 on (default 0). */
  start?: number;
  /** The offset in bytes of the last byte to send (default: the file's end). */
  end?: number;
  /** Stops waiting, with an `AbortError` whose `bytesWritten` says how many bytes had gone. */
  signal?: AbortSignal;
}

export const SEND_FILE: Known<SendFileOptions> = new Known<SendFileOptions>('UnixStream.sendFile', {
  start: 1,
  end: 1,
  signal: 1,
});

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
