// stdout: bytes, lines, and hex digits.

/** The reader of stdout has closed it. That ends the command, and is no failure. */
export class OutputClosed extends Error {}

/** Writes to stdout. Each call resolves when its bytes are written. */
export class Output {
  readonly #hex: boolean;

  constructor(hex: boolean) {
    this.#hex = hex;
    process.stdout.on('error', () => {}); // each write rejects with its own error
  }

  /** Writes bytes as they are; with --hex as a line of digits. */
  bytes(data: Uint8Array): Promise<void> {
    if (this.#hex) return this.#write(`${digits(data)}\n`);
    return data.length === 0 ? Promise.resolve() : this.#write(data);
  }

  /** Writes a message as a line. */
  line(data: Uint8Array): Promise<void> {
    return this.#hex ? this.bytes(data) : this.#write(Buffer.concat([data, Buffer.from('\n')]));
  }

  #write(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      process.stdout.write(data, (error) => {
        if (error == null) resolve();
        else reject((error as NodeJS.ErrnoException).code === 'EPIPE' ? new OutputClosed() : error);
      });
    });
  }
}

function digits(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
