// The functions of afunix/dgram, and all of it as `require('afunix/dgram')` gives it.
import dgram from 'node:dgram';
import { codedError } from '../core/errors.js';
import { memberOf } from '../core/validate.js';
import { Socket } from './socket.js';
import type { MessageListener, SocketOptions } from './types.js';

/**
 * Makes a socket of the type `'unix_dgram'`; `listener` gets its `'message'` events. `'udp4'` and `'udp6'`
 * are passed on to `node:dgram`. Throws `ERR_SOCKET_BAD_TYPE` for others.
 */
export function createSocket(
  type: 'unix_dgram' | SocketOptions,
  listener?: MessageListener,
): Socket;
export function createSocket(
  type: dgram.SocketType | dgram.SocketOptions,
  listener?: (message: Buffer, remote: dgram.RemoteInfo) => void,
): dgram.Socket;
export function createSocket(
  type: string | SocketOptions | dgram.SocketOptions,
  listener?: (message: Buffer, remote: never) => void,
): Socket | dgram.Socket {
  const options = typeof type === 'object' && type !== null ? type : { type };
  switch (memberOf(options, 'type')) {
    case 'unix_dgram':
      return new Socket(options as SocketOptions, listener as MessageListener);
    case 'udp4':
    case 'udp6':
      return dgram.createSocket(
        options as dgram.SocketOptions,
        listener as (message: Buffer, remote: dgram.RemoteInfo) => void,
      );
    default:
      throw codedError(
        TypeError,
        'ERR_SOCKET_BAD_TYPE',
        'Bad socket type specified. Valid types are: unix_dgram, udp4, udp6',
      );
  }
}

/** The result of `require('afunix/dgram')`. A test can replace its members, unlike the exports of a module. */
const dgramModule: {
  /** As exported by name. */
  createSocket: typeof createSocket;
  /** As exported by name. */
  Socket: typeof Socket;
} = {
  createSocket,
  Socket,
};

export default dgramModule;
