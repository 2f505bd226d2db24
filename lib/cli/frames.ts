// Messages within a stream of bytes.
import type { Framing } from './options.js';

const NEWLINE = 10;
const NUL = 0;
/** The bytes before a message that say how long it is. */
const PREFIX = 4;

/** What went before a message and after it in the stream is not part of it. */
export class Frames {
  readonly #framing: Framing;
  readonly #max: number;
  readonly #width: number;
  /** The start of a frame whose end has not come. */
  #parts: Buffer[] = [];
  #size = 0;
  /** The bytes of the message whose prefix has come. */
  #length: number | undefined;

  /** `max`: the most bytes of a message. `width`: how many characters of the stream may stand for each. */
  constructor(framing: Framing, max: number, width = 1) {
    this.#framing = framing;
    this.#max = max;
    this.#width = width;
  }

  /** Yields the messages whose ends are in these bytes. Throws when one is too long, before its end has come. */
  *push(chunk: Buffer): Generator<Buffer, void, void> {
    if (this.#framing === 'none') this.#keep(chunk);
    else if (this.#framing === 'length') yield* this.#prefixed(chunk);
    else yield* this.#separated(chunk, this.#framing === 'line' ? NEWLINE : NUL);
  }

  /** Returns the message at the end of the stream, if there is one without its end. */
  end(): Buffer | undefined {
    if (this.#framing === 'length' && (this.#size > 0 || this.#length !== undefined)) {
      throw new Error('the stream ended within a message');
    }
    return this.#size > 0 || this.#framing === 'none' ? this.#take() : undefined;
  }

  *#separated(chunk: Buffer, separator: number): Generator<Buffer, void, void> {
    let start = 0;
    for (let at = chunk.indexOf(separator); at >= 0; at = chunk.indexOf(separator, start)) {
      this.#keep(chunk.subarray(start, at));
      yield this.#take();
      start = at + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  *#prefixed(chunk: Buffer): Generator<Buffer, void, void> {
    let rest = chunk;
    while (rest.length > 0 || this.#length === 0) {
      const missing = (this.#length ?? PREFIX) - this.#size;
      this.#add(rest.subarray(0, missing));
      if (rest.length < missing) return;
      rest = rest.subarray(missing);
      const whole = this.#take();
      if (this.#length === undefined) {
        this.#length = whole.readUInt32BE(0);
        this.#check(this.#length);
      } else {
        this.#length = undefined;
        yield whole;
      }
    }
  }

  #keep(part: Buffer): void {
    this.#check(this.#size + part.length);
    this.#add(part);
  }

  #add(part: Buffer): void {
    if (part.length > 0) this.#parts.push(part);
    this.#size += part.length;
  }

  #check(length: number): void {
    if (length <= this.#max * this.#width) return;
    const what = { none: 'stdin', line: 'a line', length: 'a message', nul: 'a message' }[
      this.#framing
    ];
    throw Object.assign(new Error(`${what} is longer than a message may be, ${this.#max} bytes`), {
      code: 'EMSGSIZE',
    });
  }

  #take(): Buffer {
    const [first = Buffer.alloc(0), ...others] = this.#parts;
    this.#parts = [];
    this.#size = 0;
    return others.length === 0 ? first : Buffer.concat([first, ...others]);
  }
}

/** Returns a message as it goes to stdout. */
export function framed(framing: Framing, data: Uint8Array): Uint8Array {
  if (framing === 'none') return data;
  if (framing === 'line') return Buffer.concat([data, Buffer.of(NEWLINE)]);
  if (framing === 'nul') return Buffer.concat([data, Buffer.of(NUL)]);
  const length = Buffer.alloc(PREFIX);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, data]);
}
