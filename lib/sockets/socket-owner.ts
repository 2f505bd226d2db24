import { kDescribe, kOnReadable, kOnWritable, kPublic, kReceives } from '../core/symbols.js';
import type { Receiver } from '../io/received-messages.js';
import type { HandleOwner } from '../native/binding.js';

/** The members of a socket that its `SocketOwner` uses. */
interface OwnedSocket {
  readonly [kPublic]: object;
  readonly [kReceives]: { readonly maxFds: number; readonly fdPlaceholders: boolean };
  [kDescribe](): string;
  [kOnReadable](result: number): void;
  [kOnWritable](): void;
}

/**
 * Stands for a socket where the addon, messages and diagnostics need an object with methods of given names. A program
 * may give its sockets properties of these names.
 */
export class SocketOwner implements HandleOwner, Receiver {
  readonly #socket: OwnedSocket;

  constructor(socket: OwnedSocket) {
    this.#socket = socket;
  }

  /** @internal The socket that diagnostics name. */
  get [kPublic](): object {
    return this.#socket[kPublic];
  }

  get maxFds(): number {
    return this.#socket[kReceives].maxFds;
  }

  get fdPlaceholders(): boolean {
    return this.#socket[kReceives].fdPlaceholders;
  }

  describe(): string {
    return this.#socket[kDescribe]();
  }

  onReadable(result: number): void {
    this.#socket[kOnReadable](result);
  }

  onWritable(): void {
    this.#socket[kOnWritable]();
  }
}
