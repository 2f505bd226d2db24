// The error of a write to a Socket of afunix/net after its peer has ended the connection.
import { Duplex } from 'node:stream';
import { codedError } from '../core/errors.js';
import { nextTick } from '../core/timers.js';
import type { WriteCallback } from './writer.js';

/**
 * Listener of 'end'. Without `allowHalfOpen` the peer's end also ends this side; later writes then fail with an
 * error that says so.
 */
export function explainEnd(this: Duplex): void {
  if (!this.allowHalfOpen) this.write = writeAfterEnd as Duplex['write'];
}

/** Undoes `explainEnd()`, for a socket that connects again. */
export function forgetEnd(socket: Duplex): void {
  if (Object.hasOwn(socket, 'write')) delete (socket as Partial<Duplex>).write;
}

function writeAfterEnd(
  this: Duplex,
  chunk: unknown,
  encoding?: BufferEncoding | WriteCallback,
  callback?: WriteCallback,
): boolean {
  const done = typeof encoding === 'function' ? encoding : callback;
  if (!this.writableEnded) {
    return Duplex.prototype.write.call(this, chunk, encoding as BufferEncoding, done);
  }
  const error = codedError(Error, 'EPIPE', 'This socket has been ended by the other party');
  if (typeof done === 'function') nextTick(done, error);
  this.destroy(error);
  return false;
}
