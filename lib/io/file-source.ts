import type { Handle } from '../native/binding.js';

/** A part of a file that goes out by sendfile(2), and how far it has gone. */
export class FileSource {
  /** The bytes that are left. */
  bytes: number;
  readonly #fd: number;
  #offset: number;

  /** `fd` stays the caller's, and open until nothing is left. */
  constructor(fd: number, offset: number, bytes: number) {
    this.#fd = fd;
    this.#offset = offset;
    this.bytes = bytes;
  }

  get intact(): boolean {
    return true;
  }

  /** Whether it goes out together with others: never. */
  get plain(): boolean {
    return false;
  }

  gather(): void {}

  advance(): void {}

  /** Sends once. Returns how many bytes went, or -errno. At the file's end nothing is left. */
  send(handle: Handle): number {
    const result = handle.sendFile(this.#fd, this.#offset, this.bytes);
    if (result === 0) this.bytes = 0;
    if (result > 0) {
      this.#offset += result;
      this.bytes -= result;
    }
    return result;
  }
}
