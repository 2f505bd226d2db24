// Messages to send together, checked before any is sent.
import { type AddressLike, keyOfAddress, UnixAddress } from '../core/address.js';
import {
  ANCILLARY,
  type Ancillary,
  type AncillaryOptions,
  ancillaryOf,
} from '../core/ancillary.js';
import { invalidArgType, invalidArgValue } from '../core/errors.js';
import { Known } from '../core/known.js';
import { type Data, membersOf, messageBytesOf, refuseLostSince } from '../core/validate.js';

/** A datagram to send with others. */
export interface OutgoingDatagram extends AncillaryOptions {
  /** Its bytes; text is sent as UTF-8. Several buffers are put together. */
  data: Data | readonly Data[];
  /** Where to; the connected peer by default. */
  to?: AddressLike;
}

/** Messages to one destination: any number without ancillary data, or one with. */
export interface Part {
  readonly to: UnixAddress | undefined;
  readonly data: readonly Uint8Array[];
  readonly ancillary: Ancillary | undefined;
}

interface Total {
  readonly to: UnixAddress | undefined;
  messages: number;
  bytes: number;
}

const OUTGOING = new Known<OutgoingDatagram>('a message of sendMany', {
  ...ANCILLARY,
  data: 1,
  to: 1,
});

/** The messages of one `sendMany`, checked. */
export class DatagramBatch {
  readonly data: readonly Uint8Array[];
  /** Bytes of all. */
  readonly bytes: number;
  readonly #to: (UnixAddress | undefined)[] = [];
  readonly #ancillary = new Map<number, Ancillary>();

  constructor(messages: readonly (Data | OutgoingDatagram)[]) {
    if (!Array.isArray(messages))
      throw invalidArgType('messages', 'an instance of Array', messages);
    const data: Uint8Array[] = [];
    let total = 0;
    let previous: AddressLike | undefined;
    let to: UnixAddress | undefined;
    for (const message of messages) {
      const plain = typeof message === 'string' || ArrayBuffer.isView(message);
      const outgoing = plain ? undefined : membersOf(message, OUTGOING, 'message');
      const bytes = messageBytesOf('data', outgoing === undefined ? message : outgoing.data);
      // Often all have the same destination.
      if (outgoing?.to !== previous) to = destinationOf(outgoing?.to);
      previous = outgoing?.to;
      const ancillary = outgoing === undefined ? undefined : ancillaryOf(outgoing);
      if (ancillary !== undefined) this.#ancillary.set(data.length, ancillary);
      this.#to.push(to);
      data.push(bytes);
      total += bytes.length;
    }
    refuseLostSince('data', data);
    this.data = data;
    this.bytes = total;
  }

  get size(): number {
    return this.data.length;
  }

  /** Returns the messages by destination, in order for each. */
  parts(): Part[] {
    const [first] = this.#to;
    if (this.size === 0) return [];
    return this.#ancillary.size === 0 && this.#to.every((to) => to === first)
      ? [{ to: first, data: this.data, ancillary: undefined }]
      : this.#separate();
  }

  #separate(): Part[] {
    const parts: (Part & { data: Uint8Array[] })[] = [];
    const open = new Map<string, (typeof parts)[number]>();
    let to: UnixAddress | undefined;
    let key = '';
    for (let i = 0; i < this.data.length; i++) {
      if (this.#to[i] !== to) key = keyOf(this.#to[i]);
      to = this.#to[i];
      const ancillary = this.#ancillary.get(i);
      const data = this.data[i] as Uint8Array;
      let part = open.get(key);
      if (part === undefined || part.ancillary !== undefined || ancillary !== undefined) {
        part = { to, data: [], ancillary };
        open.set(key, part);
        parts.push(part);
      }
      part.data.push(data);
    }
    return parts;
  }

  /** Returns how much goes to each destination. */
  totals(): Iterable<Total> {
    const totals = new Map<string, Total>();
    for (const { to, data } of this.parts()) {
      const key = keyOf(to);
      const total = totals.get(key) ?? { to, messages: 0, bytes: 0 };
      total.messages += data.length;
      for (const { length } of data) total.bytes += length;
      totals.set(key, total);
    }
    return totals.values();
  }
}

/** Returns the address to send to. Throws for the unnamed address, at which nobody is. */
export function destinationOf(to: AddressLike | undefined): UnixAddress | undefined {
  if (to === undefined) return undefined;
  const address = UnixAddress.from(to);
  if (address.kind === 'unnamed') {
    throw invalidArgValue('to', 'must be an address; a socket without one cannot be answered', to);
  }
  return address;
}

/** Returns the key of a destination's queue: the address, byte for byte; empty for the connected peer. */
export function keyOf(to: UnixAddress | undefined): string {
  return to === undefined ? '' : keyOfAddress(to);
}
