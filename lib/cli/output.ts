/** Whoever read our stdout reads no more: the end, but no failure. */
export class OutputClosed extends Error {}

/** stdout, one write after the other. */
export class Output {
  readonly #hex: boolean;

  constructor(hex: boolean) {
    this.#hex = hex;
    process.stdout.on('error', () => {}); // each write tells of its own
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
