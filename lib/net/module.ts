// The functions of afunix/net, and all of it as `import net from 'afunix/net'` gives it.
import type { AddressLike } from '../core/address.js';
import { CONNECT, type ConnectOptions, connectOptionsOf, type ServerOptions } from './options.js';
import { Server } from './server.js';
import { Socket } from './socket.js';

/**
 * Makes a server, which does not listen yet; `listener` is called with the `Socket` of every 'connection'.
 * Throws ERR_INVALID_ARG_TYPE and ERR_OUT_OF_RANGE for wrong options. As `net.createServer`.
 */
export function createServer(
  options?: ServerOptions | ((socket: Socket) => void) | null,
  listener?: (socket: Socket) => void,
): Server {
  return new Server(options, listener);
}

/**
 * Makes a socket and connects it to a pathname or an abstract name; `listener` is called on 'connect'.
 * Failures of the kernel are 'error' events, as of `Socket.connect`. Differs from `net.connect` in two things. A
 * port throws ERR_MISSING_ARGS: it is no address of a Unix socket, and no descriptor. Wrong arguments
 * (ERR_MISSING_ARGS, ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE) are thrown before a
 * socket is made, so that `options.fd` then stays its owner's.
 */
export function connect(options: ConnectOptions | AddressLike, listener?: () => void): Socket {
  const read = connectOptionsOf(options, CONNECT);
  const socket = new Socket(read);
  if (read.timeout) socket.setTimeout(read.timeout);
  return socket.connect(read, listener);
}

/** The same as `connect`, by the name that http.request() and others use. */
export const createConnection: typeof connect = connect;

/** All of this module, as `import net from 'node:net'` has it. */
const net: {
  /** See `Server`. */
  Server: typeof Server;
  /** See `Socket`. */
  Socket: typeof Socket;
  /** See `connect`. */
  connect: typeof connect;
  /** See `connect`. */
  createConnection: typeof connect;
  /** See `createServer`. */
  createServer: typeof createServer;
} = { Server, Socket, connect, createConnection, createServer };

export default net;
