import { codedError } from '../core/errors.js';
import { View } from '../core/node-internals.js';

/** A read that is done when its memory is full. */
export class ExactRead {
  readonly #memory: Buffer;
  #filled = 0;

  constructor(size: number) {
    this.#memory = new View(size);
  }

  /** The memory that is not filled yet. */
  get rest(): Uint8Array {
    return this.#memory.subarray(this.#filled);
  }

  /** The bytes that it has so far. */
  get part(): Buffer {
    return this.#memory.subarray(0, this.#filled);
  }

  /**
   * Counts bytes that were read into `rest`; null: the stream has ended. Returns the result of the read, or undefined if
   * more is to come. Throws `ERR_STREAM_PREMATURE_CLOSE`.
   */
  accept(read: Uint8Array | null): Buffer | null | undefined {
    if (read !== null) {
      this.#filled += read.length;
      return this.#filled === this.#memory.length ? this.#memory : undefined;
    }
    if (this.#filled === 0) return null;
    const message = `The stream ended after ${this.#filled} of ${this.#memory.length} bytes`;
    throw codedError(Error, 'ERR_STREAM_PREMATURE_CLOSE', message);
  }
}
