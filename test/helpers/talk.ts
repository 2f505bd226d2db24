// One shape for the three types of socket: what the descriptor tests say is the same on each.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import {
  type AddressLike,
  type FileDescriptor,
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import type { Network } from './peers.js';
import { native, type Scratch } from './scratch.js';

interface Received {
  data: Buffer;
  fds: readonly FileDescriptor[];
}

/** A socket of any type that talks to one peer. */
export interface Talk extends AsyncDisposable {
  send(data: string | Buffer, fds?: readonly FileHandle[]): Promise<void>;
  receive(): Promise<Received>;
}

/** Waits for the one peer: the next connection, or the next datagram's sender. */
export interface Listening extends AsyncDisposable {
  next(): Promise<Talk>;
}

const options = { maxFds: 8 };

function stream(socket: UnixStream): Talk {
  return {
    send: (data, fds = []) => socket.write(data, { fds }),
    receive: async () => present(await socket.receive()),
    [Symbol.asyncDispose]: () => socket.close(),
  };
}

function seqpacket(socket: UnixSeqpacket): Talk {
  return {
    send: (data, fds = []) => socket.send(data, { fds }),
    receive: async () => present(await socket.receive()),
    [Symbol.asyncDispose]: () => socket.close(),
  };
}

function datagram(socket: UnixDatagram, first?: AddressLike): Talk {
  let to = first;
  return {
    send: (data, fds = []) => socket.send(data, to === undefined ? { fds } : { fds, to }),
    receive: async () => {
      const message = await socket.receive();
      to ??= message.from;
      return message;
    },
    [Symbol.asyncDispose]: () => socket.close(),
  };
}

function present<T>(message: T | null): T {
  if (message === null) throw new Error('the peer closed the connection');
  return message;
}

/** A client of the peer at `address`; a datagram socket needs a name of its own for the answer. */
export async function connected(network: Network, address: string, own: string): Promise<Talk> {
  const to = native(address);
  if (network === 'unix') return stream(await UnixStream.connect(to, options));
  if (network === 'unixpacket') return seqpacket(await UnixSeqpacket.connect(to, options));
  return datagram(await UnixDatagram.bind(native(own), options), to);
}

/** A server at `address`. */
export async function accepted(network: Network, address: string): Promise<Listening> {
  const at = native(address);
  if (network === 'unixgram') {
    const socket = await UnixDatagram.bind(at, options);
    const close = (): Promise<void> => socket.close();
    return { next: async () => datagram(socket), [Symbol.asyncDispose]: close };
  }
  if (network === 'unix') {
    const listener = await UnixListener.bind(at, options);
    return {
      next: async () => stream(await listener.accept()),
      [Symbol.asyncDispose]: () => listener.close(),
    };
  }
  const listener = await UnixSeqpacketListener.bind(at, options);
  return {
    next: async () => seqpacket(await listener.accept()),
    [Symbol.asyncDispose]: () => listener.close(),
  };
}

/** `length` bytes, in as many messages as they come in. */
export async function receiveBytes(socket: Talk, length: number): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  while (bytes.length < length) bytes = Buffer.concat([bytes, (await socket.receive()).data]);
  return bytes;
}

/** A file of 3,000 bytes that no other file has. */
export function fileOf(scratch: Scratch): string {
  const path = scratch.path('file');
  writeFileSync(path, randomBytes(3000));
  return path;
}
