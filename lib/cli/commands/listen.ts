// The command `listen`.
import type { Request } from '../commands.js';
import { openAll, within } from '../context.js';
import { converse } from '../conversation.js';
import { serveAll } from '../many-peers.js';
import { Connection, Correspondence } from '../talk.js';

/** Waits for a peer and talks to it; with --keep to all that come. */
export function run(request: Request): Promise<void> {
  return within(request, async (context) => {
    const { options, address, sockets, notes } = context;
    const files = await openAll(options.fd);
    if (options.type === 'dgram') {
      const socket = await sockets.bound(address);
      notes.say(`bound to ${address}`);
      return converse(context, new Correspondence(socket), files);
    }
    const listener = await sockets.listener(address);
    notes.say(`listening on ${address}`);
    if (options.keep) return serveAll(context, listener, files);
    const socket = await sockets.accepted(listener);
    await sockets.release(listener); // others are refused at once
    notes.peer('connected', socket.peerCredentials());
    await converse(context, new Connection(socket), files);
  });
}
