// The command `exec`.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import {
  type Datagram,
  FileDescriptor,
  type UnixDatagram,
  type UnixSeqpacket,
  type UnixStream,
} from '../../index.js';
import { close, dup, MSG_PEEK, recvmsg } from '../../raw.js';
import type { Request } from '../commands.js';
import { type Context, within } from '../context.js';
import { peerEnvironment } from '../environment.js';

/** Runs a program for each connection, or for each datagram. */
export function run(request: Request): Promise<void> {
  return within(request, async (context) => {
    const { sockets, notes, activity, address, options } = context;
    if (options.type === 'dgram') {
      const socket = await sockets.bound(address);
      notes.say(`bound to ${address}`);
      for (;;) await answer(context, socket, await socket.receive());
    }
    const listener = await sockets.listener(address);
    notes.say(`listening on ${address}`);
    for (;;) {
      const socket = await sockets.accepted(listener);
      serve(context, socket).catch((error) => activity.fail(error));
    }
  });
}

/** Hands a connection to a program, as its stdin and stdout. */
async function serve(context: Context, socket: UnixStream | UnixSeqpacket): Promise<void> {
  const { sockets, notes, options } = context;
  const credentials = socket.peerCredentials();
  const fds = options.fds ? await peekDescriptors(socket.fd) : [];
  let child: ChildProcess;
  try {
    notes.peer('connected', credentials);
    child = start(context, [socket.fd, socket.fd, 'inherit', ...fds], {
      ...peerEnvironment({ credentials }),
      AFUNIX_FDS: String(fds.length),
    });
    await once(child, 'spawn'); // it has its own descriptors now
  } finally {
    for (const fd of fds) close(fd);
    await sockets.release(socket);
  }
  await ended(context, child);
}

/** Hands a datagram to a program as its stdin, and sends what it prints to the datagram's sender. */
async function answer(context: Context, socket: UnixDatagram, message: Datagram): Promise<void> {
  const { data, from, credentials, fds } = message;
  const passed = context.options.fds ? fds.map(({ fd }) => fd) : [];
  try {
    const child = start(context, ['pipe', 'pipe', 'inherit', ...passed], {
      ...peerEnvironment({ from: from.toString(), credentials }),
      AFUNIX_FDS: String(passed.length),
    });
    child.stdin?.on('error', () => {}).end(data); // it need not read all of it
    const output = buffer(child.stdout as NonNullable<typeof child.stdout>);
    await ended(context, child);
    const reply = await output;
    if (reply.length > 0 && from.kind !== 'unnamed') await socket.send(reply, { to: from });
  } catch (error) {
    const { syscall = '' } = error as NodeJS.ErrnoException;
    if (!syscall.startsWith('send')) throw error;
    context.notes.say((error as Error).message);
  } finally {
    for (const fd of fds) fd.close();
  }
}

function start(
  { words }: Context,
  stdio: ('pipe' | 'inherit' | number)[],
  env: Record<string, string>,
): ChildProcess {
  const [address = '', program = '', ...args] = words;
  return spawn(program, args, { stdio, env: { ...process.env, ...env, AFUNIX_ADDRESS: address } });
}

async function ended({ notes }: Context, child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  const { pid, exitCode, signalCode } = child;
  if (exitCode === 0) return;
  notes.say(`process ${pid} ended with ${exitCode ?? signalCode}`, { pid, exitCode, signalCode });
}

/** Returns duplicates of the descriptors of the first bytes, which stay there for the program to read. */
async function peekDescriptors(fd: number): Promise<number[]> {
  using copy = new FileDescriptor(dup(fd));
  await copy.readable();
  return recvmsg(fd, Buffer.alloc(1), MSG_PEEK).rights;
}
