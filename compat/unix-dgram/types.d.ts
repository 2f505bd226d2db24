import type * as dgram from 'node:dgram';
import type { EventEmitter } from 'node:events';

/** Makes a Unix datagram socket. `listener` is called for each 'message'. */
export function createSocket(type: 'unix_dgram', listener?: MessageListener): Socket;
/** Makes a UDP socket, as `node:dgram` does. */
export function createSocket(
  type: 'udp4' | 'udp6',
  listener?: (message: Buffer, remote: dgram.RemoteInfo) => void,
): dgram.Socket;

export type MessageListener = (message: Buffer, remote: RemoteInfo) => void;

/** Called before `send` returns: without an argument when the message was sent. */
export type SendCallback = (error?: SendError) => void;

/** The sender of a message. */
export interface RemoteInfo {
  size: number;
  address: Record<string, never>;
  /** The pathname that the sender is bound to. */
  path: string | null;
}

/** An error whose `code` and `errno` are the same negative number, such as -111. */
export interface ErrnoError extends Error {
  errno: number;
  code: number;
  syscall: 'socket' | 'bind' | 'connect' | 'send';
}

/** An `ErrnoError`, or `congestion` with the code 1 and no other field. */
export interface SendError extends Error {
  errno?: number;
  code: number;
  syscall?: 'send';
}

export interface SocketEvents {
  message: [message: Buffer, remote: RemoteInfo];
  listening: [];
  connect: [];
  /** The peer has no room: the message was not sent. */
  congestion: [message: NodeJS.ArrayBufferView];
  /** The peer has room again. */
  writable: [];
  error: [error: ErrnoError];
}

export interface Socket extends EventEmitter<SocketEvents> {
  /** The descriptor's number; -1 once closed. */
  fd: number;
  type: 'unix_dgram';
  /** True once `connect` has succeeded. */
  connected?: true;
  bind(path: string): void;
  connect(path: string): void;
  /** Sends to the peer. */
  send(buf: NodeJS.ArrayBufferView, callback?: SendCallback): void;
  /** Sends to a path. */
  send(
    buf: NodeJS.ArrayBufferView,
    offset: number,
    length: number,
    path: string,
    callback?: SendCallback,
  ): void;
  /** Sends to a path. */
  sendto(
    buf: NodeJS.ArrayBufferView,
    offset: number,
    length: number,
    path: string,
    callback?: SendCallback,
  ): void;
  close(): void;
}
