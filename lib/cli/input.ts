// stdin: bytes, lines, and hex digits.
const NEWLINE = 10;

/** Returns the bytes that hex digits stand for. */
export function fromHex(text: string): Buffer {
  const digits = text.replace(/\s/g, '');
  if (!/^([0-9a-f]{2})*$/i.test(digits)) {
    throw new Error(`these are no hex digits, two for each byte: ${text.trim()}`);
  }
  return Buffer.from(digits, 'hex');
}

/** Reads stdin only as fast as its bytes are used. */
export class Input {
  readonly #hex: boolean;
  #ended = false;
  #stopped = false;

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
  }

  /** Reads to the end. */
  async all(): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.#chunks()) parts.push(part);
    const bytes = Buffer.concat(parts);
    return this.#hex ? fromHex(bytes.toString()) : bytes;
  }

  /** Yields chunks as they are read; with --hex the bytes of each line. */
  async *parts(): AsyncGenerator<Buffer, void, void> {
    yield* this.#hex ? this.lines() : this.#chunks();
  }

  /** Yields each line without its newline; with --hex the bytes that it stands for. */
  async *lines(): AsyncGenerator<Buffer, void, void> {
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of this.#chunks()) {
      let text = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let end = text.indexOf(NEWLINE); end >= 0; end = text.indexOf(NEWLINE)) {
        yield this.#line(text.subarray(0, end));
        text = text.subarray(end + 1);
      }
      rest = text;
    }
    if (rest.length > 0) yield this.#line(rest);
  }

  #line(text: Buffer): Buffer {
    return this.#hex ? fromHex(text.toString()) : text;
  }

  async *#chunks(): AsyncGenerator<Buffer, void, void> {
    try {
      for await (const chunk of process.stdin) yield chunk;
    } catch (error) {
      if (!this.#stopped) throw error;
    } finally {
      this.#ended = true;
    }
  }
}
