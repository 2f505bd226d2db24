// The command `relay`.
import type { Request } from '../commands.js';
import { type Context, within } from '../context.js';
import { Forger } from '../forger.js';
import { relayConnection } from '../relay-connection.js';
import { relayDatagrams } from '../relay-datagrams.js';
import { RelayLog } from '../relay-log.js';

/** Passes on to one address what comes at another, and back. */
export function run(request: Request): Promise<void> {
  return within(request, async (context) => {
    const log = new RelayLog(request.options);
    if (request.options.type === 'dgram') await relayDatagrams(context, log);
    else await accept(context, log);
  });
}

async function accept(context: Context, log: RelayLog): Promise<void> {
  const { sockets, notes, activity, address } = context;
  const listener = await sockets.listener(address);
  notes.say(`listening on ${address}`);
  const forger = new Forger(notes);
  for (;;) {
    const client = await sockets.accepted(listener);
    relayConnection(context, log, forger, client).catch((error) => activity.fail(error));
  }
}
