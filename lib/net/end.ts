// What a Socket of afunix/net says to who writes after the peer has ended it.
import { Duplex } from 'node:stream';
import { codedError } from '../core/errors.js';
import { nextTick } from '../core/timers.js';
import type { WriteCallback } from './writer.js';

/** Listens for 'end': whoever writes after an end that the peer's brought about learns whose it was. */
export function explainEnd(this: Duplex): void {
  if (!this.allowHalfOpen) this.write = writeAfterEnd as Duplex['write'];
}

/** Undoes it, for a socket that connects anew. */
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
