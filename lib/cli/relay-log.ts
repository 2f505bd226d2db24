// What `relay --log` prints.
import type { Credentials, Message } from '../index.js';
import {
  type DescriptorInfo,
  descriptorOf,
  descriptorText,
  hexOf,
  jsonOf,
  processOf,
  processText,
} from './describe.js';
import type { Notes } from './notes.js';
import type { Values } from './options.js';
import { print, printJson } from './output.js';

/** To the address that relay connects to, or from there. */
export type Direction = 'out' | 'in';

/** The arrows of the two directions. */
const ARROWS: Readonly<Record<Direction, string>> = { out: '>', in: '<' };

export class RelayLog {
  readonly #format: Values['log'];

  constructor({ log }: Pick<Values, 'log'>) {
    this.#format = log;
  }

  /** Logs a message, or a piece of a stream. Resolves when it is printed. */
  async message(connection: string, direction: Direction, message: Message): Promise<void> {
    if (this.#format === undefined) return;
    const { data, credentials } = message;
    const fds = message.fds.map(descriptorOf);
    const from = credentials === null ? undefined : processOf(credentials);
    if (this.#format === 'json') {
      const time = new Date().toISOString();
      const size = data.length;
      await printJson({ time, connection, direction, size, ...jsonOf(data), fds, from });
      return;
    }
    const bytes = this.#format === 'hex' ? hexOf(data) : quoted(data);
    await this.#line(`${connection} ${ARROWS[direction]}`, [
      `${data.length} bytes`,
      bytes,
      ...fds.map((info: DescriptorInfo) => `[${descriptorText(info)}]`),
      ...(from === undefined ? [] : [`from ${processText(from)}`]),
    ]);
  }

  /** Logs a connection, an end or an error. */
  async event(connection: string, event: string, who: Credentials | null = null): Promise<void> {
    if (this.#format === undefined) return;
    const peer = who === null ? undefined : processOf(who);
    if (this.#format === 'json') {
      await printJson({ time: new Date().toISOString(), connection, event, peer });
      return;
    }
    await this.#line(`${connection} -`, [
      event,
      ...(peer === undefined ? [] : [processText(peer)]),
    ]);
  }

  /** Logs an error of the system, and notes it. Rejects with any other. */
  async fails(connection: string, error: unknown, notes?: Notes): Promise<void> {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    await this.event(connection, message);
    notes?.say(`${connection}: ${message}`, { connection, code });
  }

  #line(head: string, parts: readonly string[]): Promise<void> {
    return print(`${new Date().toISOString()} ${head} ${parts.join(' ').trimEnd()}\n`);
  }
}

/** Returns bytes as text in quotes, with escapes for all that would harm a terminal or a line. */
function quoted(data: Buffer): string {
  return JSON.stringify(data.toString()).replace(
    /[\u007f-\u009f\u2028\u2029\ufffd]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
