// stdin: bytes, messages, and hex digits.
import { Frames } from './frames.js';
import type { Framing } from './options.js';
import { UsageError } from './values.js';

/** The most characters of hex digits for a byte: two, and white space. */
const HEX_WIDTH = 4;

/** Returns the bytes that hex digits stand for. */
function fromHex(text: string): Buffer {
  const digits = text.replace(/\s/g, '');
  if (!/^([0-9a-f]{2})*$/i.test(digits)) {
    const shown = text.trim().slice(0, 40);
    throw new UsageError(`these are no hex digits, two for each byte: ${shown}`);
  }
  return Buffer.from(digits, 'hex');
}

/** Returns the bytes of DATA, which is text, or with --hex digits. */
export function bytesOf(data: string, hex: boolean): Buffer {
  return hex ? fromHex(data) : Buffer.from(data);
}

/** Reads stdin only as fast as its bytes are used. */
export class Input {
  readonly #hex: boolean;
  #ended = false;
  #stopped = false;
  /** Ends the wait for what is read next. */
  #wake: ((nothing: undefined) => void) | undefined;

  constructor(hex: boolean) {
    this.#hex = hex;
  }

  /** Whether there is nothing more to read. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Stops reading. */
  stop(): void {
    this.#stopped = true;
    process.stdin.destroy();
    this.#wake?.(undefined);
  }

  /** Yields bytes as they are read. */
  async *parts(): AsyncGenerator<Buffer, void, void> {
    if (!this.#hex) {
      yield* this.#chunks();
      return;
    }
    let odd = '';
    for await (const chunk of this.#chunks()) {
      const digits = odd + chunk.toString('latin1').replace(/\s/g, '');
      const even = digits.length & ~1;
      odd = digits.slice(even);
      if (even > 0) yield fromHex(digits.slice(0, even));
    }
    if (odd !== '') fromHex(odd); // throws
  }

  /** Yields messages of up to `max` bytes. With --hex each line is one. */
  async *messages(framing: Framing, max: number): AsyncGenerator<Buffer, void, void> {
    const frames = this.#hex
      ? new Frames(framing === 'none' ? 'none' : 'line', max, HEX_WIDTH)
      : new Frames(framing, max);
    for await (const chunk of this.#chunks()) {
      for (const message of frames.push(chunk)) yield this.#decoded(message);
    }
    const last = frames.end();
    if (last !== undefined) yield this.#decoded(last);
  }

  #decoded(message: Buffer): Buffer {
    return this.#hex ? fromHex(message.toString('latin1')) : message;
  }

  async *#chunks(): AsyncGenerator<Buffer, void, void> {
    const chunks = process.stdin[Symbol.asyncIterator]();
    try {
      while (!this.#stopped) {
        // Deno's stdin tells its reader nothing when it is destroyed.
        const stopped = new Promise<undefined>((resolve) => {
          this.#wake = resolve;
        });
        const next = await Promise.race([chunks.next(), stopped]);
        if (next === undefined || next.done === true) return;
        yield next.value;
      }
    } catch (error) {
      if (!this.#stopped) throw error;
    } finally {
      this.#ended = true;
      chunks.return?.().catch(() => {});
    }
  }
}
