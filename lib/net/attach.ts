// Servers of Node.js (http, https, http2, tls) that listen on a socket of this package.
import type nodeNet from 'node:net';
import type { AddressLike } from '../core/address.js';
import { invalidArgType, invalidState } from '../core/errors.js';
import { Known } from '../core/known.js';
import { checkTakesConnections, isNodeServer } from '../core/node-server.js';
import { kImplementation } from '../core/symbols.js';
import { optionsOf, type Parsed } from '../core/validate.js';
import { type AuthorizeOptions, acceptSettings } from '../io/options.js';
import { ListeningSocket } from './listening-socket.js';
import { type ListenOptions, type ServerOptions, SocketSettings } from './options.js';
import { Server } from './server.js';

/** Options of `attach`: what connections receive, and who may connect. See `ServerOptions`. */
export interface AttachOptions
  extends Pick<ServerOptions, 'maxFds' | 'credentials' | 'busyPoll' | 'authorize'> {}

const ATTACH = new Known<AttachOptions>('attach', {
  maxFds: 1,
  credentials: 1,
  busyPoll: 1,
  authorize: 1,
});

/** What a server has in place of its own members once `attach` has changed it. */
export interface Attached {
  /** The listening descriptor's number, still owned by the server; -1 while it does not listen. */
  readonly fd: number;
  /** Binds and listens, as `Server.listen` of this module does. A port throws ERR_INVALID_ARG_TYPE. */
  listen(options: ListenOptions | AddressLike, ...rest: unknown[]): this;
}

/** Members of `Server` that an attached server gets as they are. They need `kImplementation` only. */
const SHARED = [
  ...(['listening', 'fd', 'address', 'listen', 'getConnections', 'ref', 'unref'] as const),
  Symbol.asyncDispose,
] as const;

/** What a server of Node.js was made with, and keeps for its connections. */
interface ConnectionDefaults {
  readonly allowHalfOpen: boolean;
  readonly pauseOnConnect: boolean;
  readonly highWaterMark: number;
}

/**
 * Has a server of node:http, node:https, node:http2 or node:tls listen on a Unix socket of this module, and
 * returns it. Its `listen()`, `close()`, `address()`, `listening`, `getConnections()`, `maxConnections`, `ref()` and
 * `unref()` are those of `Server` from then on, and its connections are `Socket`s. All else stays its own, timeouts and
 * `closeAllConnections()` among them. Does not listen yet. Throws ERR_INVALID_ARG_TYPE for what is no server
 * of Node.js, ERR_INVALID_STATE for one that listens already or was attached before, and
 * ERR_FEATURE_UNAVAILABLE_ON_PLATFORM for one of node:https on Bun, which would serve its connections without TLS.
 */
export function attach<S extends nodeNet.Server>(
  server: S,
  options?: AttachOptions | null,
): S & Attached {
  if (!isNodeServer(server)) {
    throw invalidArgType(
      'server',
      'a server of node:http, node:https, node:http2 or node:tls',
      server,
    );
  }
  checkTakesConnections(server);
  const read = optionsOf(options ?? undefined, ATTACH);
  if (Object.hasOwn(server, kImplementation)) throw invalidState('the server was attached before');
  if (server.listening) throw invalidState('the server listens already');
  const { receive, authorize } = acceptSettings(read as Parsed<AuthorizeOptions>);
  const { allowHalfOpen, pauseOnConnect, highWaterMark } = server as unknown as ConnectionDefaults;
  const { maxFds, credentials, busyPoll } = receive;
  const settings = new SocketSettings({
    allowHalfOpen,
    pauseOnCreate: pauseOnConnect,
    highWaterMark,
    maxFds,
    credentials,
    busyPoll,
  });
  define(server, kImplementation, { value: new ListeningSocket(server, settings, authorize) });
  for (const name of SHARED) {
    define(server, name, Object.getOwnPropertyDescriptor(Server.prototype, name));
  }
  const closeOwn = server.close;
  define(server, 'close', {
    value(callback?: (error?: Error) => void): S {
      closeOwn.call(withoutCloseEvent(server));
      Server.prototype.close.call(server as unknown as Server, callback);
      return server;
    },
  });
  return server as S & Attached;
}

/** Defines a member that a program may replace, as it may replace one of the prototype. */
function define(server: object, name: PropertyKey, property: PropertyDescriptor | undefined): void {
  const changeable = property !== undefined && 'value' in property ? { writable: true } : {};
  Object.defineProperty(server, name, {
    ...property,
    ...changeable,
    configurable: true,
    enumerable: false,
  });
}

/**
 * Returns an object to call a server's own `close()` on. It closes idle connections, ends timers and, where Node.js
 * does so, http2 sessions. But it also emits 'close' at once, because it knows of no connections.
 */
function withoutCloseEvent<S extends nodeNet.Server>(server: S): S {
  return Object.create(server, {
    emit: {
      value: (event: string, ...args: unknown[]) =>
        event !== 'close' && server.emit(event, ...args),
    },
  });
}
