const NEWLINE = 10;

/** The bytes that hex digits mean. */
export function fromHex(text: string): Buffer {
  const digits = text.replace(/\s/g, '');
  if (!/^([0-9a-f]{2})*$/i.test(digits)) {
    throw new Error(`these are no hex digits, two for each byte: ${text.trim()}`);
  }
  return Buffer.from(digits, 'hex');
}

/** stdin: read only as fast as what was read is taken. */
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

  /** Reads no more. */
  stop(): void {
    this.#stopped = true;
    process.stdin.destroy();
  }

  /** All of it. */
  async all(): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.#chunks()) parts.push(part);
    const bytes = Buffer.concat(parts);
    return this.#hex ? fromHex(bytes.toString()) : bytes;
  }

  /** As it comes; with --hex what each line means. */
  async *parts(): AsyncGenerator<Buffer, void, void> {
    yield* this.#hex ? this.lines() : this.#chunks();
  }

  /** Line by line, without the newlines; with --hex what they mean. */
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
