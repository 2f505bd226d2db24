// A connected pair of each type of socket, with the same two calls.
import {
  type Message,
  type ReceiveOptions,
  type SendOptions,
  UnixDatagram,
  UnixSeqpacket,
  type UnixSocket,
  UnixStream,
} from 'afunix';
import { describe } from 'vitest';
import { hasSeqpacket } from './scratch.js';

/** One end of a pair. */
export class End {
  readonly socket: UnixStream | UnixSeqpacket | UnixDatagram;

  constructor(socket: UnixStream | UnixSeqpacket | UnixDatagram) {
    this.socket = socket;
  }

  send(data: string | Uint8Array, options?: SendOptions): Promise<void> {
    return this.socket instanceof UnixStream
      ? this.socket.write(data, options)
      : this.socket.send(data, options);
  }

  async receive(): Promise<Message> {
    const message = await this.socket.receive();
    if (message === null) throw new Error('the connection ended');
    return message;
  }
}

/** A type of socket. */
export interface SocketType {
  name: 'stream' | 'seqpacket' | 'datagram';
  pair(options?: ReceiveOptions): Pair;
  /** Takes over a socket of this type. */
  fromFd(fd: number, options?: ReceiveOptions): End;
}

/** Both ends; closed with the test. */
export class Pair implements AsyncDisposable {
  readonly first: End;
  readonly second: End;

  constructor([first, second]: (UnixStream | UnixSeqpacket | UnixDatagram)[]) {
    this.first = new End(first as UnixStream);
    this.second = new End(second as UnixStream);
  }

  get sockets(): UnixSocket[] {
    return [this.first.socket, this.second.socket];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) await socket.close();
  }
}

export const socketTypes: readonly SocketType[] = [
  {
    name: 'stream',
    pair: (options) => new Pair(UnixStream.pair(options)),
    fromFd: (fd, options) => new End(UnixStream.fromFd(fd, options)),
  },
  {
    name: 'datagram',
    pair: (options) => new Pair(UnixDatagram.pair(options)),
    fromFd: (fd, options) => new End(UnixDatagram.fromFd(fd, options)),
  },
];
if (hasSeqpacket) {
  (socketTypes as SocketType[]).push({
    name: 'seqpacket',
    pair: (options) => new Pair(UnixSeqpacket.pair(options)),
    fromFd: (fd, options) => new End(UnixSeqpacket.fromFd(fd, options)),
  });
}

/** Declares tests for each type of socket. */
export function describeTypes(declare: (type: SocketType) => void): void {
  for (const type of socketTypes) describe(type.name, () => declare(type));
}
