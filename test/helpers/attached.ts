// Servers of Node.js in a scenario: on their own listen() beside node:net, attached beside afunix/net.
import nodeNet from 'node:net';
import { attach } from 'afunix/net';
import { happens, type Stage } from './like-node.js';

/** Returns the server, attached if the stage is that of afunix/net. It is closed when the scenario ends. */
export function attached<S extends nodeNet.Server>(stage: Stage, server: S): S {
  return stage.track(stage.net === nodeNet ? server : attach(server));
}

/** Listens on the stage's path. */
export async function serve<S extends nodeNet.Server>(stage: Stage, server: S): Promise<S> {
  const listening = happens(server, 'listening');
  attached(stage, server).listen(stage.path);
  await listening;
  return server;
}

/** Connects to the stage's path, and writes `text` as it is. */
export function raw(stage: Stage, text: string): nodeNet.Socket {
  const socket = stage.track(nodeNet.connect(stage.path));
  socket.write(text);
  return socket;
}

/** Resolves with the status line of what the server says until it closes. */
export async function statusOf(socket: nodeNet.Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text.slice(0, text.indexOf('\r\n'));
}
