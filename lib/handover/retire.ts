// The end of a server whose successor accepts: it accepts nothing more, and what it has accepted it serves.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import nodeNet from 'node:net';
import { isNodeServer } from '../core/node-server.js';
import { kImplementation } from '../core/symbols.js';
import { clearTimeout, setTimeout } from '../core/timers.js';
import type { ListeningSocket } from '../net/listening-socket.js';
import { Server } from '../net/server.js';

/** A server of node:net, and those built on it, attached or not; or a `Server` of afunix/net. */
export type AnyServer = nodeNet.Server | Server;

export function isServer(value: unknown): value is AnyServer {
  return value instanceof Server || isNodeServer(value);
}

/** A server of node:http or node:https. */
interface HttpServer extends nodeNet.Server {
  closeIdleConnections(): void;
}

/** Milliseconds from the notice that a session will end to its end. A client's streams are on their way meanwhile. */
const NOTICE = 1000;
/**
 * The notice: a GOAWAY without an error, which names the last stream that HTTP/2 can have (RFC 9113, 6.8). By
 * `session.goaway()` it would be no use: Node.js then stops reading as soon as no stream is open, and those on their way
 * are refused.
 */
const GOAWAY = Buffer.from('0000080700000000007fffffff00000000', 'hex');

/** Follows a server from before it listens, so that it can be retired. */
export class Retiring {
  readonly #server: AnyServer;
  readonly #sessions = new Map<ServerHttp2Session, nodeNet.Socket>();
  /** Connections of HTTP, and how many bytes each had read when it was there. */
  readonly #connections = new Map<nodeNet.Socket, number>();
  #retired = false;

  constructor(server: AnyServer) {
    this.#server = server;
    const speaksHttp = 'closeIdleConnections' in server;
    let latest: nodeNet.Socket;
    for (const event of ['connection', 'secureConnection']) {
      server.prependListener(event, (socket: nodeNet.Socket) => {
        latest = socket;
        if (speaksHttp) this.#count(socket);
      });
    }
    server.on('session', (session: ServerHttp2Session) => {
      const socket = latest; // whose event this is within; a session lets nobody write to it
      this.#sessions.set(session, socket);
      session.once('close', () => this.#sessions.delete(session));
      if (this.#retired) endSession(session, socket); // accepted before
    });
  }

  /**
   * Stops accepting at once. Responses of HTTP/1 say `Connection: close` from now on. Connections without a request are
   * closed every `idleTimeout` milliseconds. Sessions of HTTP/2 take no more streams once their clients know. Resolves
   * when the last connection has ended.
   */
  retire(idleTimeout: number): Promise<void> {
    const server = this.#server;
    if (!server.listening) return Promise.resolve();
    const closed = new Promise<void>((resolve) => server.once('close', resolve));
    stopAccepting(server);
    this.endConnections(idleTimeout);
    return closed;
  }

  /** Has the connections end, as `retire()` does. */
  endConnections(idleTimeout: number): void {
    const server = this.#server;
    this.#retired = true;
    for (const event of ['request', 'checkContinue', 'checkExpectation']) {
      // A first listener of the other two would change what the server does.
      if (server.listenerCount(event) > 0) server.prependListener(event, closeAfter);
    }
    for (const [session, socket] of this.#sessions) endSession(session, socket);
    if ('closeIdleConnections' in server) this.#closeIdle(server as HttpServer, idleTimeout);
  }

  #count(socket: nodeNet.Socket): void {
    this.#connections.set(socket, socket.bytesRead);
    socket.once('close', () => this.#connections.delete(socket));
  }

  #closeIdle(server: HttpServer, every: number): void {
    const timer = setTimeout(() => {
      server.closeIdleConnections();
      // For Node.js those that have never sent anything are not idle.
      for (const [socket, bytes] of this.#connections) {
        if (socket.bytesRead === bytes) socket.destroy();
      }
      timer.refresh();
    }, every).unref();
    server.once('close', () => clearTimeout(timer));
  }
}

/** Closes the listening socket alone. `close()` of node:http also resets connections whose request is on its way. */
function stopAccepting(server: AnyServer): void {
  if (Object.hasOwn(server, kImplementation)) {
    (server as { [kImplementation]?: ListeningSocket })[kImplementation]?.retire();
  } else {
    nodeNet.Server.prototype.close.call(server as nodeNet.Server);
  }
}

/** Has the connection end with this response. */
function closeAfter({ httpVersionMajor }: IncomingMessage, response: ServerResponse): void {
  if (httpVersionMajor === 1) response.setHeader('Connection', 'close');
}

/** Its client opens no more streams once it reads the notice. Those that it has sent before are served. */
function endSession(session: ServerHttp2Session, socket: nodeNet.Socket): void {
  const notify = (): void => void socket.write(GOAWAY);
  // A server's SETTINGS are the first that it sends.
  if (session.pendingSettingsAck) session.once('localSettings', notify);
  else notify();
  setTimeout(() => {
    if (!session.destroyed) session.close();
  }, NOTICE).unref();
}
