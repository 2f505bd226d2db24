// The functions of afunix/net, and all of it as `import net from 'afunix/net'` gives it.
import {
  BlockList,
  getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  isIP,
  isIPv4,
  isIPv6,
  SocketAddress,
  setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout,
} from 'node:net';
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
export function connect(
  options: ConnectOptions | AddressLike,
  ...rest: [listener?: () => void]
): Socket {
  const read = connectOptionsOf(options, CONNECT);
  const socket = new Socket(read);
  if (read.timeout) socket.setTimeout(read.timeout);
  return socket.connect(read, ...rest);
}

/** The same as `connect`, by the name that http.request() and others use. */
export const createConnection: typeof connect = connect;

/** All of this module, as `import net from 'node:net'` has it. */
const net: {
  /** See `Server`. */
  Server: typeof Server;
  /** See `Socket`. */
  Socket: typeof Socket;
  /** The former name of `Socket`. */
  Stream: typeof Socket;
  /** See `connect`. */
  connect: typeof connect;
  /** See `connect`. */
  createConnection: typeof connect;
  /** See `createServer`. */
  createServer: typeof createServer;
  /** That of node:net. */
  BlockList: typeof BlockList;
  /** That of node:net. */
  SocketAddress: typeof SocketAddress;
  /** That of node:net. */
  getDefaultAutoSelectFamily: typeof getDefaultAutoSelectFamily;
  /** That of node:net. */
  getDefaultAutoSelectFamilyAttemptTimeout: typeof getDefaultAutoSelectFamilyAttemptTimeout;
  /** That of node:net. */
  isIP: typeof isIP;
  /** That of node:net. */
  isIPv4: typeof isIPv4;
  /** That of node:net. */
  isIPv6: typeof isIPv6;
  /** That of node:net. */
  setDefaultAutoSelectFamily: typeof setDefaultAutoSelectFamily;
  /** That of node:net. */
  setDefaultAutoSelectFamilyAttemptTimeout: typeof setDefaultAutoSelectFamilyAttemptTimeout;
} = {
  Server,
  Socket,
  Stream: Socket,
  connect,
  createConnection,
  createServer,
  BlockList,
  SocketAddress,
  getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  isIP,
  isIPv4,
  isIPv6,
  setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout,
};

export default net;
