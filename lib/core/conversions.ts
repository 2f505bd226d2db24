// What a descriptor becomes: sockets and servers of Node.js, and what they require of it.
import dgram from 'node:dgram';
import net from 'node:net';
import { bare } from '../native/bare.js';
import { invalidArgValue, unavailable } from './errors.js';
import {
  type FileKind,
  kindOf,
  type SocketDomain,
  type SocketType,
  socketOf,
} from './file-kind.js';
import { Known } from './known.js';
import { handleOf } from './node-internals.js';
import { OF_A_NET_SERVER, OF_A_NET_SOCKET } from './omitted-options.js';
import { optionsOf } from './validate.js';

/** The options of `toNetSocket`. */
export interface NetSocketOptions {
  /** Whether it is read from. Default true. */
  readable?: boolean;
  /** Whether it can be written to. Default true. */
  writable?: boolean;
  /** Whether it stays writable when the peer has ended. Default false. */
  allowHalfOpen?: boolean;
  /** Whether it reads nothing before `resume()`. Default false. */
  pauseOnCreate?: boolean;
}

const NET_SOCKET = new Known<NetSocketOptions>('toNetSocket', {
  readable: 1,
  writable: 1,
  allowHalfOpen: 1,
  pauseOnCreate: 1,
});
const NET_SERVER = new Known<net.ServerOpts & { blockList?: unknown }>('toNetServer', {
  ...{ allowHalfOpen: 1, pauseOnConnect: 1, highWaterMark: 1, noDelay: 1, keepAlive: 1 },
  ...{ keepAliveInitialDelay: 1, blockList: 1 },
});

/** The address families whose stream sockets node:net takes. */
const networks: readonly SocketDomain[] = ['unix', 'inet', 'inet6'];

/** Makes Node's object of a descriptor, which belongs to that object if it does not throw. */
export type Make<T> = (fd: number) => T;

/** Checks that `fd` is a connected stream socket or a pipe. */
export function netSocketOf(fd: number, options: NetSocketOptions | undefined): Make<net.Socket> {
  const socketOptions = { ...OF_A_NET_SOCKET, ...optionsOf(options, NET_SOCKET) };
  const what = 'a connected stream socket or a pipe';
  const domain = requireSocket(fd, what, 'stream', false, networks, 'pipe');
  const constructorOptions = { readable: true, writable: true, ...socketOptions };
  return (owned) => {
    const socket = new net.Socket({ ...constructorOptions, fd: owned });
    const isTaken = domain === null || (handleOf(socket) ?? null) !== null;
    return isTaken ? socket : connectedSocket(owned, constructorOptions);
  };
}

/** Makes a socket of Bun's, whose constructor leaves the descriptor of a socket alone: its `connect()` takes it. */
function connectedSocket(fd: number, options: NetSocketOptions): net.Socket {
  const { readable, writable, pauseOnCreate } = options;
  if (readable !== true || writable !== true || pauseOnCreate) {
    throw unavailable('toNetSocket() of a socket with one of its options to read and write');
  }
  const socket = new net.Socket(options);
  return socket.connect(bare({ fd }) as unknown as net.SocketConnectOpts);
}

/** Checks that `fd` is a listening stream socket. */
export function netServerOf(fd: number, options: net.ServerOpts | undefined): Make<net.Server> {
  const serverOptions = { ...OF_A_NET_SERVER, ...optionsOf(options, NET_SERVER) } as net.ServerOpts;
  requireSocket(fd, 'a listening stream socket', 'stream', true, networks);
  return (owned) => net.createServer(serverOptions).listen(bare({ fd: owned }));
}

/** Checks that `fd` is a UDP socket. */
export function dgramSocketOf(fd: number): Make<dgram.Socket> {
  const domain = requireSocket(fd, 'a UDP socket', 'datagram', false, ['inet', 'inet6']);
  return (owned) => {
    const socket = dgram.createSocket(domain === 'inet' ? 'udp4' : 'udp6');
    socket.bind({ fd: owned, exclusive: true });
    return socket;
  };
}

function requireSocket(
  fd: number,
  what: string,
  type: SocketType,
  listening: boolean,
  among: readonly SocketDomain[],
  orKind?: FileKind,
): SocketDomain | null {
  const socket = socketOf(fd);
  if (socket === null && kindOf(fd) === orKind) return null;
  if (socket?.type === type && socket.listening === listening && among.includes(socket.domain)) {
    return socket.domain;
  }
  throw unfit(fd, what);
}

/** Checks that a descriptor of this kind is a file, a pipe or a device. */
export function requireFile(fd: number, kind: FileKind): void {
  if (kind === 'socket' || kind === 'directory') throw unfit(fd, 'a file, a pipe or a device');
}

function unfit(fd: number, what: string): TypeError {
  const socket = socketOf(fd);
  const is =
    socket === null
      ? kindOf(fd)
      : `${socket.listening ? 'listening ' : ''}${socket.domain} ${socket.type} socket`;
  return invalidArgValue('fd', `must be ${what}`, `${is} ${fd}`);
}
