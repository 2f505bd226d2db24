// afunix/net: Unix domain sockets with the interface of node:net.
export { connect, createConnection, createServer, default } from './net/module.js';
export type {
  ConnectOptions,
  ListenOptions,
  OnReadOptions,
  ServerOptions,
  SocketOptions,
} from './net/options.js';
export { Server } from './net/server.js';
export { Socket } from './net/socket.js';
