// Memory of the caller that a socket receives into. JavaScript may detach or resize it while a call waits, so it is
// looked at only when the bytes are there, and never kept by the addon.
import { Buffer } from 'node:buffer';
import { invalidState } from '../core/errors.js';
import { View } from '../core/node-internals.js';
import { isLost } from '../core/validate.js';

/** Throws if memory that was checked when a call began was detached, or shrank, while the call waited. */
export function refuseLostMemory(memory: Uint8Array): void {
  if (memory.length === 0 && isLost(memory)) throw lostMemoryError();
}

/** Makes the error of a read whose memory was detached or shrank while it waited. No byte was read. */
export function lostMemoryError(): Error {
  return invalidState('buffer was detached, or shrank, while the read waited');
}

/** Returns a Buffer over the first `length` bytes of the caller's memory. */
export function viewOf(memory: Uint8Array, length: number): Buffer {
  return memory instanceof Buffer && length === memory.length
    ? memory
    : new View(memory.buffer, memory.byteOffset, length);
}
