// A worker process, as its program sees it.
import { env } from 'node:process';
import { invalidArgType, invalidState } from '../core/errors.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import { Known } from '../core/known.js';
import { checkTakesConnections } from '../core/node-server.js';
import { kImplementation } from '../core/symbols.js';
import { timeoutOf } from '../core/timeout.js';
import { nextTick } from '../core/timers.js';
import { optionsOf } from '../core/validate.js';
import { Server } from '../net/server.js';
import { Socket } from '../net/socket.js';
import { UnixStream } from '../sockets/stream.js';
import { type AnyServer, isServer, Retiring } from './retire.js';
import { ENDED, MAX_FDS, REFUSED, TAKEN, UP, WORKER_VARIABLE } from './worker-protocol.js';

/** Options of `serveConnections`. */
export interface ServeConnectionsOptions {
  /**
   * Milliseconds after which HTTP connections that wait for a request are closed once the pool is (default 5000).
   */
  idleTimeout?: number;
}

/** Serves a connection that is not a server's. A promise says when it has ended. */
export type ConnectionHandler = (connection: FileDescriptor) => unknown;

const SERVE = new Known<ServeConnectionsOptions>('serveConnections', { idleTimeout: 1 });

/**
 * Serves the connections that a `WorkerPool` gives to this process. Resolves when the pool was closed, or its process has ended, and the
 * last connection has ended, too.
 *
 * A server of Node.js or `afunix/net`, which does not listen itself, emits 'listening' and then 'connection' for each. Its HTTP
 * connections end with their next response once the pool is closed. A function gets each descriptor, to close or to make something of
 * (`UnixStream.fromFd(connection)`), and returns a promise of its end.
 *
 * Throws `ERR_INVALID_STATE` in a process that no pool has started, and when it is called again;
 * `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` for a server of node:https on Bun, which would serve without TLS.
 */
export async function serveConnections(
  server: AnyServer | ConnectionHandler,
  options?: ServeConnectionsOptions,
): Promise<void> {
  const idleTimeout = timeoutOf(
    'options.idleTimeout',
    optionsOf(options, SERVE).idleTimeout ?? 5000,
  );
  if (!isServer(server) && typeof server !== 'function') {
    throw invalidArgType('server', 'a server of Node.js or afunix/net, or a function', server);
  }
  checkTakesConnections(server);
  const pool = socketToPool();
  const retiring = isServer(server) ? new Retiring(server) : undefined;
  if (isServer(server)) server.emit('listening');
  await say(pool, UP);
  const open = new Set<Promise<void>>();
  for (;;) {
    const message = await pool.receive().catch(() => null); // ECONNRESET: the pool was killed
    if (message === null) break;
    for (let i = 0; i < message.data.length; i++) {
      const fd = message.fds[i];
      // Before a byte is read: another worker may serve it if this one dies.
      await say(pool, fd === undefined ? REFUSED : TAKEN);
      if (fd === undefined) continue; // EMFILE
      const ended = isServer(server) ? serveBy(server, fd) : callWith(server, fd);
      open.add(ended);
      ended
        .then(() => {
          open.delete(ended);
          return say(pool, ENDED);
        })
        .catch(throwLater);
    }
  }
  retiring?.endConnections(idleTimeout);
  await Promise.all(open);
  await pool.close();
}

function socketToPool(): UnixStream {
  const fd = env[WORKER_VARIABLE];
  if (fd === undefined)
    throw invalidState('no WorkerPool has started this process, or it was called before');
  // For this process alone, not for those that it starts.
  delete env[WORKER_VARIABLE];
  return UnixStream.fromFd(Number(fd), { maxFds: MAX_FDS });
}

/** Says something of a connection, unless the pool is gone. */
async function say(pool: UnixStream, byte: number): Promise<void> {
  await pool.write(Uint8Array.of(byte)).catch(() => {});
}

/** Has a server serve a connection. Resolves when it is closed. */
function serveBy(server: AnyServer, fd: FileDescriptor): Promise<void> {
  const { allowHalfOpen, pauseOnConnect } = server as Server;
  const own = server instanceof Server || Object.hasOwn(server, kImplementation);
  const connection = own
    ? new Socket({ fd, allowHalfOpen, pauseOnCreate: pauseOnConnect })
    : fd.toNetSocket({ allowHalfOpen, pauseOnCreate: pauseOnConnect });
  const ended = new Promise<void>((resolve) => connection.once('close', () => resolve()));
  server.emit('connection', connection);
  return ended;
}

/** Calls the function. Its errors are uncaught exceptions, and do not stop the worker where the program handles those. */
async function callWith(handler: ConnectionHandler, fd: FileDescriptor): Promise<void> {
  try {
    await handler(fd);
  } catch (error) {
    throwLater(error);
  }
}

function throwLater(error: unknown): void {
  nextTick(() => {
    throw error;
  });
}
