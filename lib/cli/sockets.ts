// The sockets of a command, all closed when it ends or a signal comes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  features,
  UnixAddress,
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  type UnixSocket,
  UnixStream,
} from '../index.js';
import type { Request } from './arguments.js';

const MAX_FDS = 253;

/** Returns the address that was typed at a terminal. */
export function addressOf(text: string): UnixAddress {
  return text.startsWith('@') ? UnixAddress.abstract(text.slice(1)) : UnixAddress.pathname(text);
}

export class Sockets {
  readonly #request: Request;
  readonly #open = new Set<UnixSocket>();
  #folder: string | undefined;

  constructor(request: Request) {
    this.#request = request;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        this.close();
        // Now by the default action, so that the parent process sees which signal ended this one.
        process.kill(process.pid, signal);
      });
    }
  }

  /** Closes all sockets and removes their paths. */
  close(): void {
    for (const socket of this.#open) void socket.close();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Listens at the request's address. */
  async listener(): Promise<UnixListener | UnixSeqpacketListener> {
    const { address, type } = this.#request;
    const Class = type === 'stream' ? UnixListener : UnixSeqpacketListener;
    return this.#keep(await Class.bind(addressOf(address), this.#bindOptions()));
  }

  /** Accepts the next connection. */
  async accepted(
    listener: UnixListener | UnixSeqpacketListener,
  ): Promise<UnixStream | UnixSeqpacket> {
    return this.#keep(await listener.accept());
  }

  /** Connects to the request's address. */
  async connected(): Promise<UnixStream | UnixSeqpacket> {
    const { address, type } = this.#request;
    const Class = type === 'stream' ? UnixStream : UnixSeqpacket;
    return this.#keep(await Class.connect(addressOf(address), { maxFds: MAX_FDS }));
  }

  /** Binds a datagram socket to the request's address. */
  async bound(): Promise<UnixDatagram> {
    const address = addressOf(this.#request.address);
    return this.#keep(await UnixDatagram.bind(address, this.#bindOptions()));
  }

  /** Binds a datagram socket to an address of its own, so that it can be answered. */
  async answerable(): Promise<UnixDatagram> {
    if (!features().abstract) this.#folder = mkdtempSync(join(tmpdir(), 'afunix-'));
    const own = this.#folder === undefined ? undefined : join(this.#folder, 'socket');
    return this.#keep(await UnixDatagram.bind(own, receiving()));
  }

  #bindOptions(): Parameters<typeof UnixDatagram.bind>[1] {
    const { mode, replace } = this.#request;
    return {
      ...receiving(),
      replace: replace ? 'stale' : 'never',
      ...(mode === undefined ? {} : { mode }),
    };
  }

  #keep<S extends UnixSocket>(socket: S): S {
    this.#open.add(socket);
    return socket;
  }
}

function receiving(): { maxFds: number; credentials: boolean } {
  return { maxFds: MAX_FDS, credentials: features().credentials };
}
