// afunix/net: Unix domain sockets with the interface of node:net.
import type { AddressLike } from './address.js';
import { isAddressLike } from './address.js';
import type { ConnectOptions, ServerOptions } from './net-options.js';
import { Server } from './net-server.js';
import { Socket } from './net-socket.js';

export type {
  ConnectOptions,
  ListenOptions,
  OnReadOptions,
  ServerOptions,
  SocketOptions,
} from './net-options.js';
export { Server } from './net-server.js';
export { Socket } from './net-socket.js';

/** A new server; `listener` is called for every 'connection'. */
export function createServer(
  options?: ServerOptions | ((socket: Socket) => void) | null,
  listener?: (socket: Socket) => void,
): Server {
  return new Server(options, listener);
}

/** A new socket that connects to a pathname or an abstract name; `listener` is called on 'connect'. */
export function connect(options: ConnectOptions | AddressLike, listener?: () => void): Socket {
  const given: ConnectOptions = isAddressLike(options) ? { path: options } : options;
  const socket = new Socket(given);
  if (given?.timeout) socket.setTimeout(given.timeout);
  return socket.connect(given, listener);
}

/** The same as `connect`, by its name in http.request() and others. */
export const createConnection: typeof connect = connect;

/** All of it, as `node:net` has it. */
const net: {
  /** As exported by name. */
  Server: typeof Server;
  /** As exported by name. */
  Socket: typeof Socket;
  /** As exported by name. */
  connect: typeof connect;
  /** As exported by name. */
  createConnection: typeof connect;
  /** As exported by name. */
  createServer: typeof createServer;
} = { Server, Socket, connect, createConnection, createServer };

export default net;
