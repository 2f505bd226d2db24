// The socket of a conversation, with the same methods for each type of socket.
import { platform } from 'node:os';
import {
  type Credentials,
  type Datagram,
  type FdLike,
  type Message,
  type UnixAddress,
  type UnixDatagram,
  type UnixSeqpacket,
  type UnixSocket,
  UnixStream,
} from '../index.js';
import { POLLHUP, poll, SHUT_RD, SHUT_WR, shutdown } from '../raw.js';
import type { Who } from './notes.js';

/** Bytes of a socket's send buffer that a message cannot have: Linux keeps them for itself. */
const RESERVED = platform() === 'linux' ? 32 : 0;

/** Milliseconds between two checks whether a peer that has ended is gone. */
export const CHECK_INTERVAL = 100;

/** Whether an error says that the peer, or this side, has closed the connection. That is no failure. */
export function isGone(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return ['EPIPE', 'ECONNRESET', 'ERR_SOCKET_CLOSED'].includes(code);
}

/** Returns the most bytes of a message that a socket sends. */
export function maxMessage(socket: UnixSocket): number {
  return socket.sendBufferSize - RESERVED;
}

/** Ancillary data to send. */
export interface Ancillary {
  readonly fds?: readonly FdLike[];
  readonly credentials?: Credentials;
}

export interface Talk {
  /** Whether it carries messages, not a stream of bytes. */
  readonly messages: boolean;
  /** The most bytes of a message. */
  readonly max: number;
  send(data: Uint8Array, ancillary?: Ancillary): Promise<void>;
  /** Receives; resolves with null at the end of the connection. */
  receive(): Promise<Message | null>;
  /** Returns who sent a message. */
  sender(message: Message): Who;
  /** Ends the sending direction. */
  end(): void;
  /** Whether the peer is gone, so that nothing can be sent. */
  readonly gone: boolean;
}

/** A stream or seqpacket connection. */
export class Connection implements Talk {
  readonly messages: boolean;
  readonly max: number;
  readonly socket: UnixStream | UnixSeqpacket;

  constructor(socket: UnixStream | UnixSeqpacket) {
    this.socket = socket;
    this.messages = !(socket instanceof UnixStream);
    this.max = this.messages ? maxMessage(socket) : Number.POSITIVE_INFINITY;
  }

  send(data: Uint8Array, ancillary: Ancillary = {}): Promise<void> {
    const { socket } = this;
    if (!(socket instanceof UnixStream)) return socket.send(data, ancillary);
    if (data.length === 0 && (ancillary.fds?.length ?? 0) > 0) {
      return Promise.reject(
        new Error('on a stream a descriptor needs a byte to ride on: give DATA'),
      );
    }
    return socket.write(data, ancillary);
  }

  receive(): Promise<Message | null> {
    return this.socket.receive();
  }

  sender({ credentials }: Message): Who {
    return { credentials: credentials ?? this.socket.peerCredentials() };
  }

  end(): void {
    this.#shutdown(SHUT_WR); // each send has been awaited, so that none is queued
  }

  /** Refuses what the peer sends from now on. */
  refuse(): void {
    this.#shutdown(SHUT_RD);
  }

  get gone(): boolean {
    const { closed, fd } = this.socket;
    return closed || (poll(fd, 0) & POLLHUP) !== 0;
  }

  #shutdown(how: number): void {
    try {
      shutdown(this.socket.fd, how);
    } catch {
      // The peer is gone.
    }
  }
}

/** A datagram socket. It sends to the sender of the last message; before the first one to its peer. */
export class Correspondence implements Talk {
  readonly messages = true;
  readonly gone = false;
  readonly max: number;
  readonly #socket: UnixDatagram;
  #to: UnixAddress | undefined;
  #resolveAddressed: (() => void) | undefined;
  /** Resolves when there is an address to send to. */
  readonly #addressed: Promise<void>;

  /** `to`: the peer. Without one, sends wait for the first message. */
  constructor(socket: UnixDatagram, to?: UnixAddress) {
    this.#socket = socket;
    this.max = maxMessage(socket);
    this.#to = to;
    this.#addressed = new Promise((resolve) => {
      this.#resolveAddressed = resolve;
    });
    if (to !== undefined) this.#resolveAddressed?.();
  }

  async send(data: Uint8Array, ancillary: Ancillary = {}): Promise<void> {
    await this.#addressed;
    await this.#socket.send(data, { ...ancillary, to: this.#to as UnixAddress });
  }

  async receive(): Promise<Message> {
    const message = await this.#socket.receive();
    if (message.from.kind !== 'unnamed') {
      this.#to = message.from;
      this.#resolveAddressed?.();
    }
    return message;
  }

  sender(message: Message): Who {
    return { from: (message as Datagram).from.toString(), credentials: message.credentials };
  }

  /** Does nothing: datagrams have no end. */
  end(): void {}
}
