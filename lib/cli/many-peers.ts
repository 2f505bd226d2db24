// `listen --keep`: many connections at a time. What each sends is printed, and stdin goes to all.
import type { FdLike, UnixListener, UnixSeqpacketListener } from '../index.js';
import type { Context } from './context.js';
import { Frames } from './frames.js';
import { Input } from './input.js';
import type { Who } from './notes.js';
import { Connection, maxMessage } from './talk.js';

/** The longest message within a stream that is printed as one. */
const MAX_FRAME = 1 << 20;
/** Errors that concern one peer alone. */
const OF_PEER = ['EPIPE', 'ECONNRESET', 'EMSGSIZE', 'ERR_SOCKET_CLOSED'];

/** A connection, and what is known of it. */
interface Client {
  readonly talk: Connection;
  readonly who: Who;
  /** The files that it has yet to get. */
  files: readonly FdLike[];
}

/** Talks to all peers that come, until the command is interrupted. Each gets the files with its first message. */
export async function serveAll(
  context: Context,
  listener: UnixListener | UnixSeqpacketListener,
  files: readonly FdLike[],
): Promise<void> {
  const { sockets, activity } = context;
  const clients = new Set<Client>();
  broadcast(context, clients, maxMessage(listener)).catch((error) => activity.fail(error));
  for (let count = 1; ; count += 1) {
    const socket = await sockets.accepted(listener);
    const who = { from: `#${count}`, credentials: socket.peerCredentials() };
    const client = { talk: new Connection(socket), who, files };
    clients.add(client);
    serve(context, client)
      .catch((error) => activity.fail(error))
      .finally(() => clients.delete(client));
  }
}

/** Prints what a client sends, and then closes it. */
async function serve(context: Context, client: Client): Promise<void> {
  const { notes, sockets } = context;
  const { talk, who } = client;
  notes.peer(`${who.from} connected`, who.credentials);
  try {
    await printAll(context, client);
  } catch (error) {
    ignoreOfPeer(error);
    notes.say(`${who.from}: ${(error as Error).message}`, { from: who.from });
  }
  await sockets.release(talk.socket);
  notes.say(`${who.from} closed`, { from: who.from });
}

async function printAll(context: Context, { talk, who }: Client): Promise<void> {
  const { framing = talk.messages ? 'line' : 'none' } = context.options;
  const print = context.printer(framing);
  const whole = talk.messages || framing === 'none';
  const frames = whole ? undefined : new Frames(framing, MAX_FRAME);
  for (let message = await talk.receive(); message !== null; message = await talk.receive()) {
    context.notes.sender(who);
    if (frames === undefined) await print(message, who, talk.messages);
    else {
      const { fds, controlTruncated } = message;
      await print({ data: Buffer.alloc(0), fds, controlTruncated }, who, false);
      for (const data of frames.push(message.data)) await print({ data }, who, true);
    }
  }
  const last = frames?.end();
  if (last !== undefined) await print({ data: last }, who, true);
}

/** Sends stdin to all that are connected. */
async function broadcast(context: Context, clients: Set<Client>, max: number): Promise<void> {
  const { hex, type } = context.options;
  const messages = type === 'seqpacket';
  const { framing = messages ? 'line' : 'none' } = context.options;
  const input = new Input(hex);
  for await (const data of messages ? input.messages(framing, max) : input.parts()) {
    await Promise.all([...clients].map((client) => send(client, data)));
    context.activity.note();
  }
}

/** Sends to one client. Its reader sees it end if it is gone. */
async function send(client: Client, data: Buffer): Promise<void> {
  const fds = client.files;
  client.files = [];
  await client.talk.send(data, { fds }).catch(ignoreOfPeer);
}

function ignoreOfPeer(error: unknown): void {
  if (!OF_PEER.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
}
