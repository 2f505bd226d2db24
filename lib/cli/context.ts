// Shared by the commands that talk.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { FdLike } from '../index.js';
import { Activity } from './activity.js';
import type { Request } from './commands.js';
import { jsonOf, processOf } from './describe.js';
import { Notes, type Who } from './notes.js';
import type { Framing, Values } from './options.js';
import { Output, printJson } from './output.js';
import { type Came, Received } from './received.js';
import { addressOf, Sockets } from './sockets.js';
import { Connection, Correspondence, type Talk } from './talk.js';
import type { FileToPass } from './values.js';

/** Prints what came, and takes care of its descriptors. `separate`: as a message, not as bytes of a stream. */
export type Print = (message: Came, who: Who, separate: boolean) => Promise<void>;

/** The sockets, the notes and the output of a command. */
export class Context {
  readonly options: Values;
  readonly words: readonly string[];
  readonly sockets: Sockets;
  readonly notes: Notes;
  readonly activity: Activity;
  readonly #received: Received;

  constructor({ options, words }: Request) {
    this.options = options;
    this.words = words;
    this.sockets = new Sockets(options);
    this.notes = new Notes(options);
    this.activity = new Activity(options.timeout);
    this.#received = new Received(options, this.notes);
  }

  /** The first argument. */
  get address(): string {
    return this.words[0] ?? '';
  }

  /** Connects to the address of the command. */
  async connected(): Promise<Talk> {
    if (this.options.type === 'dgram') {
      const to = addressOf(this.address);
      const socket = await this.sockets.answerable(to);
      this.notes.say(`${socket.localAddress} sends to ${this.address}`);
      return new Correspondence(socket, to);
    }
    const socket = await this.sockets.connected(this.address);
    this.notes.peer('connected', socket.peerCredentials());
    return new Connection(socket);
  }

  /** Returns a function that prints what came. `fallback` is the framing of messages without --framing. */
  printer(fallback: Framing): Print {
    const { hex, json, framing = fallback } = this.options;
    const output = new Output(hex, framing);
    return async (message, who, separate) => {
      this.activity.note();
      const { data, fds: { length } = [] } = message;
      const fds = await this.#received.take(message, who);
      // Bytes that are printed later, with the rest of their line.
      if (data.length === 0 && !separate && length === 0) return;
      if (json) {
        const { from, credentials } = who;
        const peer = credentials === null ? undefined : processOf(credentials);
        const time = new Date().toISOString();
        await printJson({ time, from, peer, ...jsonOf(data), fds });
      } else if (separate) await output.message(data);
      else await output.bytes(data);
    };
  }
}

/** Does a command's work, and closes its sockets. */
export async function within(
  request: Request,
  work: (context: Context) => Promise<void>,
): Promise<void> {
  const context = new Context(request);
  try {
    await Promise.race([work(context), context.activity.ended]);
  } finally {
    context.sockets.close();
  }
}

/** Opens the files to pass. */
export async function openAll(files: readonly FileToPass[]): Promise<FdLike[]> {
  const flags: Readonly<Record<string, string | number>> = {
    r: 'r',
    w: 'w',
    a: 'a',
    rw: constants.O_RDWR | constants.O_CREAT,
  };
  const open1 = (file: FileToPass): Promise<FileHandle> | number =>
    'fd' in file ? file.fd : open(file.file, flags[file.access]);
  const handles: FdLike[] = [];
  for (const file of files) handles.push(await open1(file));
  return handles;
}
