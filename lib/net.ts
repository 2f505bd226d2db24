/// <reference types="node" preserve="true" />
// afunix/net: Unix domain sockets with the interface of node:net.
export { type Attached, type AttachOptions, attach } from './net/attach.js';
export type { AnyListener, ServerEvents, SocketEvents } from './net/events.js';
export {
  BlockList,
  connect,
  createConnection,
  createServer,
  default,
  getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  isIP,
  isIPv4,
  isIPv6,
  SocketAddress,
  setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout,
} from './net/module.js';
export type {
  ConnectOptions,
  ListenOptions,
  OnReadOptions,
  ServerOptions,
  SocketOptions,
} from './net/options.js';
export { Server } from './net/server.js';
export { Socket, Socket as Stream } from './net/socket.js';
