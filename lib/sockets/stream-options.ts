// Options of a stream socket's methods.
import { ANCILLARY, type AncillaryOptions } from '../core/ancillary.js';
import { Known, type Names } from '../core/known.js';
import type { SocketOptions } from '../net/options.js';

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
