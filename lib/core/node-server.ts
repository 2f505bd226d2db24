// Servers of Node.js. On Bun those of node:http are not built on node:net: they have no descriptor, and cannot listen on
// one that is there (`listen({ fd })` takes a port of its own).
import net from 'node:net';
import process from 'node:process';

/** Whether it is a server of node:net, node:tls, node:http, node:https or node:http2. */
export function isNodeServer(value: unknown): value is net.Server {
  return value instanceof net.Server || isWithoutDescriptor(value);
}

/** Whether it is a server of node:http or node:https that is not built on node:net. */
export function isWithoutDescriptor(value: unknown): boolean {
  // Loaded only for what may be one: node:http is large.
  return (
    !(value instanceof net.Server) && value instanceof process.getBuiltinModule('node:http').Server
  );
}
