// The sockets of a command, all closed when it ends or a signal comes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type BindOptions,
  features,
  UnixAddress,
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  type UnixSocket,
  UnixStream,
} from '../index.js';
import { SCM_MAX_FD } from '../raw.js';
import type { Values } from './options.js';
import { endLine } from './output.js';
import { UsageError } from './values.js';

/** Milliseconds between two attempts with --wait, and with --retry. */
export const WAIT_INTERVAL = 50;
const RETRY_INTERVAL = 1000;
/** The errors after which --wait and --retry try again. */
const ABSENT = ['ENOENT', 'ECONNREFUSED'];
const TAKEN = ['EADDRINUSE'];

/** Returns the address that was typed at a terminal. */
export function addressOf(text: string): UnixAddress {
  return text.startsWith('@') ? UnixAddress.abstract(text.slice(1)) : UnixAddress.pathname(text);
}

/** The options of a command that concern its sockets. */
export type SocketValues = Pick<
  Values,
  'type' | 'mode' | 'owner' | 'group' | 'replace' | 'wait' | 'retry'
>;

export class Sockets {
  readonly #options: SocketValues;
  readonly #open = new Set<UnixSocket>();
  #folder: string | undefined;

  constructor(options: SocketValues) {
    this.#options = options;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        this.close();
        endLine();
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

  /** Listens at an address. */
  async listener(address: string): Promise<UnixListener | UnixSeqpacketListener> {
    return this.#options.type === 'seqpacket'
      ? this.#bind(address, (to, options) => UnixSeqpacketListener.bind(to, options))
      : this.#bind(address, (to, options) => UnixListener.bind(to, options));
  }

  /** Accepts the next connection. */
  async accepted(
    listener: UnixListener | UnixSeqpacketListener,
  ): Promise<UnixStream | UnixSeqpacket> {
    return this.#keep(await listener.accept());
  }

  /** Connects to an address. */
  async connected(address: string): Promise<UnixStream | UnixSeqpacket> {
    const Class = this.#options.type === 'seqpacket' ? UnixSeqpacket : UnixStream;
    const to = addressOf(address);
    const attempt = (): Promise<UnixStream | UnixSeqpacket> => Class.connect(to, receiving());
    return this.#keep(await this.#again(ABSENT, attempt));
  }

  /** Binds a datagram socket to an address. */
  async bound(address: string): Promise<UnixDatagram> {
    return this.#bind(address, (to, options) => UnixDatagram.bind(to, options));
  }

  /** Binds a datagram socket to an address of its own, so that it can be answered, and connects it. */
  async answerable(to: UnixAddress): Promise<UnixDatagram> {
    if (!features().abstract) this.#folder ??= mkdtempSync(join(tmpdir(), 'afunix-'));
    const own = this.#folder === undefined ? undefined : join(this.#folder, `${this.#open.size}`);
    const socket = this.#keep(await UnixDatagram.bind(own, receiving()));
    await this.#again(ABSENT, async () => socket.connect(to));
    return socket;
  }

  /** Closes one socket before the others. */
  async release(socket: UnixSocket): Promise<void> {
    this.#open.delete(socket);
    await socket.close();
  }

  async #bind<S extends UnixSocket>(
    address: string,
    bind: (to: UnixAddress, options: BindOptions) => Promise<S>,
  ): Promise<S> {
    const { mode, owner, group, replace } = this.#options;
    const options: BindOptions = {
      ...receiving(),
      replace: replace ? 'stale' : 'never',
      ...(mode === undefined ? {} : { mode }),
      ...(owner === undefined ? {} : { owner: numberOrName(owner) }),
      ...(group === undefined ? {} : { group: numberOrName(group) }),
    };
    try {
      return this.#keep(await this.#again(TAKEN, () => bind(addressOf(address), options)));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ERR_UNKNOWN_CREDENTIAL') throw error;
      throw new UsageError(`${message}; a number is always taken`);
    }
  }

  /** Tries again as --wait and --retry say. */
  async #again<T>(codes: readonly string[], attempt: () => Promise<T>): Promise<T> {
    const waits = this.#options.wait && codes === ABSENT;
    for (let left = this.#options.retry ?? 0; ; left -= 1) {
      try {
        return await attempt();
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (!codes.includes(code ?? '') || !(waits || left > 0)) throw error;
      }
      await delay(waits ? WAIT_INTERVAL : RETRY_INTERVAL);
    }
  }

  #keep<S extends UnixSocket>(socket: S): S {
    this.#open.add(socket);
    return socket;
  }
}

function receiving(): { maxFds: number; credentials: boolean } {
  return { maxFds: SCM_MAX_FD, credentials: features().credentials };
}

/** Returns a user or a group as it was typed. */
function numberOrName(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}
