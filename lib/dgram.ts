/// <reference types="node" preserve="true" />
// afunix/dgram: Unix datagrams in the shape of node:dgram, and in the place of the npm package
// unix-dgram: `require('afunix/dgram')` has what `require('unix-dgram')` has.
export { createSocket, default, default as 'module.exports' } from './dgram/module.js';
export { Socket } from './dgram/socket.js';
export type {
  AddressInfo,
  DgramData,
  MessageListener,
  RemoteInfo,
  SendCallback,
  SocketBindOptions,
  SocketEvents,
  SocketOptions,
} from './dgram/types.js';
