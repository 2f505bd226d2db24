// The command `receive`.
import type { Request } from '../commands.js';
import { within } from '../context.js';
import { printAll, printNext } from '../conversation.js';
import { Connection, Correspondence } from '../talk.js';

/** Prints one message, or all that one connection brings. */
export function run(request: Request): Promise<void> {
  return within(request, async (context) => {
    const { options, address, sockets, notes } = context;
    const print = context.printer('none');
    if (options.type === 'dgram') {
      const talk = new Correspondence(await sockets.bound(address));
      notes.say(`bound to ${address}`);
      do await printNext(context, talk, print);
      while (options.keep);
      return;
    }
    const listener = await sockets.listener(address);
    notes.say(`listening on ${address}`);
    do {
      const socket = await sockets.accepted(listener);
      notes.peer('connected', socket.peerCredentials());
      await printAll(context, new Connection(socket), print);
      await sockets.release(socket);
    } while (options.keep);
  });
}
