// stdout: bytes, messages, hex digits and JSON.
import { writeSync } from 'node:fs';
import { hexOf } from './describe.js';
import { framed } from './frames.js';
import type { Framing } from './options.js';

const NEWLINE = 10;

/** The reader of stdout has closed it. That ends the command, and is no failure. */
export class OutputClosed extends Error {}

/** Whether the last byte on stdout was a newline, or there was none. */
let lineEnded = true;

process.stdout.on('error', () => {}); // each write rejects with its own error

/** Writes to stdout. Resolves when the bytes are written. */
export function print(data: string | Uint8Array): Promise<void> {
  const last = typeof data === 'string' ? data.charCodeAt(data.length - 1) : data.at(-1);
  if (data.length > 0) lineEnded = last === NEWLINE;
  return new Promise((resolve, reject) => {
    process.stdout.write(data, (error) => {
      if (error == null) resolve();
      else reject((error as NodeJS.ErrnoException).code === 'EPIPE' ? new OutputClosed() : error);
    });
  });
}

/** Writes a line of JSON. */
export function printJson(value: object): Promise<void> {
  return print(`${JSON.stringify(value)}\n`);
}

/** Ends the last line on a terminal: whoever writes there next may erase a line without its end. */
export function endLine(): void {
  if (lineEnded || !process.stdout.isTTY) return;
  lineEnded = true;
  try {
    writeSync(process.stdout.fd, '\n');
  } catch {
    // The terminal is gone, or full.
  }
}

/** Prints what was received. */
export class Output {
  readonly #hex: boolean;
  readonly #framing: Framing;

  constructor(hex: boolean, framing: Framing) {
    this.#hex = hex;
    this.#framing = framing;
  }

  /** Writes bytes of a stream as they are; with --hex as a line of digits. */
  bytes(data: Uint8Array): Promise<void> {
    if (this.#hex) return print(`${hexOf(data)}\n`);
    return data.length === 0 ? Promise.resolve() : print(data);
  }

  /** Writes a message, with what separates it from the next one; with --hex as a line of digits. */
  message(data: Uint8Array): Promise<void> {
    return this.bytes(this.#hex ? data : framed(this.#framing, data));
  }
}
