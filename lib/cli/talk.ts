// The socket of a conversation, with the same methods for each type of socket.
import type { FileHandle } from 'node:fs/promises';
import {
  type Message,
  type UnixAddress,
  type UnixDatagram,
  type UnixSeqpacket,
  UnixStream,
} from '../index.js';
import { POLLHUP, poll, SHUT_WR, shutdown } from '../raw.js';
import type { Notes } from './notes.js';

export interface Talk {
  /** Whether it carries messages, not a stream of bytes. */
  readonly messages: boolean;
  send(data: Uint8Array, fds: readonly FileHandle[]): Promise<void>;
  /** Receives; resolves with null at the end of the connection. */
  receive(): Promise<Message | null>;
  /** Ends the sending direction. */
  end(): void;
  /** Whether the peer is gone, so that nothing can be sent. */
  readonly gone: boolean;
}

/** A stream or seqpacket connection. */
export class Connection implements Talk {
  readonly messages: boolean;
  readonly #socket: UnixStream | UnixSeqpacket;

  constructor(socket: UnixStream | UnixSeqpacket) {
    this.#socket = socket;
    this.messages = !(socket instanceof UnixStream);
  }

  send(data: Uint8Array, fds: readonly FileHandle[]): Promise<void> {
    const socket = this.#socket;
    if (!(socket instanceof UnixStream)) return socket.send(data, { fds });
    if (fds.length > 0 && data.length === 0) {
      return Promise.reject(
        new Error('on a stream a descriptor needs a byte to ride on: give DATA'),
      );
    }
    return socket.write(data, { fds });
  }

  receive(): Promise<Message | null> {
    return this.#socket.receive();
  }

  end(): void {
    // At once: each send has been awaited, so that none is queued.
    try {
      shutdown(this.#socket.fd, SHUT_WR);
    } catch {
      // The peer is gone.
    }
  }

  get gone(): boolean {
    const { closed, fd } = this.#socket;
    return closed || (poll(fd, 0) & POLLHUP) !== 0;
  }
}

/** A datagram socket. It sends to the sender of the last message; before the first one to its peer. */
export class Correspondence implements Talk {
  readonly messages = true;
  readonly gone = false;
  readonly #socket: UnixDatagram;
  readonly #notes: Notes;
  #to: UnixAddress | undefined;
  #resolveAddressed: (() => void) | undefined;
  /** Resolves when there is an address to send to. */
  readonly #addressed: Promise<void>;

  /** `to`: the peer. Without one, sends wait for the first message. */
  constructor(socket: UnixDatagram, notes: Notes, to?: UnixAddress) {
    this.#socket = socket;
    this.#notes = notes;
    this.#to = to;
    this.#addressed = new Promise((resolve) => {
      this.#resolveAddressed = resolve;
    });
    if (to !== undefined) this.#resolveAddressed?.();
  }

  async send(data: Uint8Array, fds: readonly FileHandle[]): Promise<void> {
    await this.#addressed;
    await this.#socket.send(data, { to: this.#to as UnixAddress, fds });
  }

  async receive(): Promise<Message> {
    const message = await this.#socket.receive();
    const { from, credentials } = message;
    this.#notes.sender(from.toString(), credentials);
    if (from.kind !== 'unnamed') {
      this.#to = from;
      this.#resolveAddressed?.();
    }
    return message;
  }

  /** Does nothing: datagrams have no end. */
  end(): void {}
}
