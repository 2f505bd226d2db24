/// <reference types="node" preserve="true" />
// afunix/net: Unix domain sockets with the interface of node:net.

// Of node:net itself: programs use them for addresses that they do not listen or connect to.
export {
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
export { type Attached, type AttachOptions, attach } from './net/attach.js';
export type { AnyListener, ServerEvents, SocketEvents } from './net/events.js';
export { connect, createConnection, createServer, default } from './net/module.js';
export type {
  ConnectOptions,
  ListenOptions,
  OnReadOptions,
  ServerOptions,
  SocketOptions,
} from './net/options.js';
export { Server } from './net/server.js';
export { Socket, Socket as Stream } from './net/socket.js';
