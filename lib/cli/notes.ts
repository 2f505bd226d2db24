// Notes on stderr about peers and descriptors.
import type { Credentials } from '../index.js';
import { type DescriptorInfo, descriptorText, processOf, processText } from './describe.js';

/** The sender of a message, or the peer of a connection. */
export interface Who {
  /** The address; empty for an unnamed socket, undefined for a connection. */
  readonly from?: string;
  readonly credentials: Credentials | null;
}

export class Notes {
  readonly #quiet: boolean;
  readonly #json: boolean;
  #sender = '';

  constructor({ quiet, json }: { quiet: boolean; json: boolean }) {
    this.#quiet = quiet;
    this.#json = json;
  }

  /** Writes a line, unless --quiet. With --json it has the fields. */
  say(text: string, fields: object = {}): void {
    if (this.#quiet) return;
    const line = this.#json ? JSON.stringify({ note: text, ...fields }) : `afunix: ${text}`;
    process.stderr.write(`${line}\n`);
  }

  /** Describes the peer of a connection. */
  peer(what: string, credentials: Credentials | null): void {
    const peer = credentials === null ? undefined : processOf(credentials);
    this.say(peer === undefined ? what : `${what}: ${processText(peer)}`, { peer });
  }

  /** Describes the sender of a message, unless it is the sender of the last one. */
  sender({ from, credentials }: Who): void {
    const peer = credentials === null ? undefined : processOf(credentials);
    const address = from === '' ? 'an unnamed socket' : from;
    const text = [address, peer && processText(peer)].filter((part) => part !== undefined);
    const sender = text.length === 0 ? 'a peer' : text.join(', ');
    if (sender !== this.#sender) this.say(`from ${sender}`, { from, peer });
    this.#sender = sender;
  }

  /** Describes a descriptor that was received. */
  descriptor(info: DescriptorInfo): void {
    this.say(`descriptor: ${descriptorText(info)}`, { descriptor: info });
  }
}
