// The commands: listen, connect, send, receive and info.
import { type FileHandle, open } from 'node:fs/promises';
import type { Request } from './arguments.js';
import { converse, printAll, printNext } from './conversation.js';
import { info } from './info.js';
import { fromHex, Input } from './input.js';
import { Notes } from './notes.js';
import { Output } from './output.js';
import { addressOf, Sockets } from './sockets.js';
import { Connection, Correspondence, type Talk } from './talk.js';

/** The function of each command. */
export const commands: Readonly<Record<Request['command'], (request: Request) => Promise<void>>> = {
  listen: (request) => talking(request, listening),
  connect: (request) => talking(request, connecting),
  send,
  receive,
  info,
};

/** Shared by all parts of a command. */
interface Context {
  readonly request: Request;
  readonly sockets: Sockets;
  readonly notes: Notes;
}

async function within(request: Request, work: (context: Context) => Promise<void>): Promise<void> {
  const sockets = new Sockets(request);
  try {
    await work({ request, sockets, notes: new Notes(request.quiet) });
  } finally {
    sockets.close();
  }
}

function talking(request: Request, begin: (context: Context) => Promise<Talk>): Promise<void> {
  return within(request, async (context) => {
    const files = await openAll(request.files);
    const talk = await begin(context);
    await converse(talk, files, new Input(request.hex), new Output(request.hex), context.notes);
  });
}

async function listening({ request, sockets, notes }: Context): Promise<Talk> {
  if (request.type === 'dgram') {
    const socket = await sockets.bound();
    notes.say(`bound to ${request.address}`);
    return new Correspondence(socket, notes);
  }
  const listener = await sockets.listener();
  notes.say(`listening on ${request.address}`);
  const socket = await sockets.accepted(listener);
  await listener.close(); // others are refused at once
  notes.peer('connected', socket.peerCredentials());
  return new Connection(socket);
}

async function connecting({ request, sockets, notes }: Context): Promise<Talk> {
  if (request.type === 'dgram') {
    const socket = await sockets.answerable();
    const to = addressOf(request.address);
    socket.connect(to);
    notes.say(`${socket.localAddress} sends to ${request.address}`);
    return new Correspondence(socket, notes, to);
  }
  const socket = await sockets.connected();
  notes.peer('connected', socket.peerCredentials());
  return new Connection(socket);
}

function send(request: Request): Promise<void> {
  return within(request, async (context) => {
    const { data, files, hex } = request;
    const fds = await openAll(files);
    const bytes = data === undefined ? undefined : hex ? fromHex(data) : Buffer.from(data);
    const talk = await connecting(context);
    await talk.send(bytes ?? (await new Input(hex).all()), fds);
  });
}

function receive(request: Request): Promise<void> {
  return within(request, async ({ sockets, notes }) => {
    const output = new Output(request.hex);
    const print = (data: Uint8Array): Promise<void> => output.bytes(data);
    if (request.type === 'dgram') {
      const talk = new Correspondence(await sockets.bound(), notes);
      notes.say(`bound to ${request.address}`);
      do await printNext(talk, print, notes);
      while (request.keep);
      return;
    }
    const listener = await sockets.listener();
    notes.say(`listening on ${request.address}`);
    do {
      const socket = await sockets.accepted(listener);
      notes.peer('connected', socket.peerCredentials());
      await printAll(new Connection(socket), print, notes);
      await socket.close();
    } while (request.keep);
  });
}

async function openAll(files: readonly string[]): Promise<FileHandle[]> {
  const handles: FileHandle[] = [];
  for (const file of files) handles.push(await open(file));
  return handles;
}
