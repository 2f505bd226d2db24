// Servers of Node.js. On Bun those of node:http and node:https are not built on node:net: they have no descriptor, and cannot
// listen on one that is there (`listen({ fd })` takes a port of its own).
import net from 'node:net';
import process from 'node:process';
import { unavailable } from './errors.js';

// Loaded only for what may be one of their servers: node:http is large.
const { getBuiltinModule } = process;

/** Whether it is a server of node:net, node:tls, node:http, node:https or node:http2. */
export function isNodeServer(value: unknown): value is net.Server {
  return value instanceof net.Server || isWithoutDescriptor(value);
}

/** Whether it is a server of node:http or node:https that is not built on node:net. */
export function isWithoutDescriptor(value: unknown): boolean {
  return !(value instanceof net.Server) && value instanceof getBuiltinModule('node:http').Server;
}

/**
 * Throws `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` for a server of node:https that is not built on node:net: it takes no TLS
 * from connections that are handed to it with 'connection', and would serve them in the clear.
 */
export function checkTakesConnections(server: unknown): void {
  if (isWithoutDescriptor(server) && server instanceof getBuiltinModule('node:https').Server) {
    throw unavailable('a server of node:https on connections that it does not accept itself');
  }
}
