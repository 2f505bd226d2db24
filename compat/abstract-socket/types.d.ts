import type { Server, Socket } from 'node:net';

/** A server of `node:net`, whose `listen(name, listener?)` takes only names that begin with a NUL. */
export type AbstractSocketServer = Server;

/** Makes a server. `listener` is called for each 'connection'. */
export function createServer(listener?: (socket: Socket) => void): AbstractSocketServer;

/**
 * Connects to a name, which begins with a NUL. `listener` is called with the socket when it is connected. There is no
 * 'connect' event. A failure is an 'error' event.
 */
export function connect(name: string, listener?: (socket: Socket) => void): Socket;

/** The same as `connect`. */
export function createConnection(name: string, listener?: (socket: Socket) => void): Socket;
