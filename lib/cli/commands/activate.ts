// The command `activate`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { FileDescriptor, type UnixSocket } from '../../index.js';
import { dup, FIONBIO, ioctl } from '../../raw.js';
import type { Request } from '../commands.js';
import { type Context, within } from '../context.js';
import { UsageError } from '../values.js';

/** Runs a program with listening sockets, as a service manager does. Resolves with its exit code. */
export async function run(request: Request): Promise<number> {
  let code = 1;
  await within(request, async (context) => {
    code = await activate(context);
  });
  return code;
}

async function activate({ options, words, sockets, notes }: Context): Promise<number> {
  if (options.listen.length === 0) throw new UsageError('activate needs --listen');
  const names: string[] = [];
  const listeners: UnixSocket[] = [];
  for (const { name, address } of options.listen) {
    const dgram = options.type === 'dgram';
    const socket = dgram ? await sockets.bound(address) : await sockets.listener(address);
    ioctl(socket.fd, FIONBIO, 0); // as a manager passes them
    names.push(name);
    listeners.push(socket);
    notes.say(`${dgram ? 'bound to' : 'listening on'} ${address}`);
  }
  const fds = listeners.map(({ fd }) => fd);
  if (!options.now) await anyReadable(fds);

  // The shell's pid is the program's: it makes way for it.
  const child = spawn('/bin/sh', ['-c', 'LISTEN_PID=$$ exec "$@"', 'sh', ...words], {
    stdio: ['inherit', 'inherit', 'inherit', ...fds],
    env: { ...process.env, LISTEN_FDS: String(fds.length), LISTEN_FDNAMES: names.join(':') },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.prependOnceListener(signal, () => child.kill(signal));
  }
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal === null ? (code ?? 1) : 128 + constants.signals[signal];
}

/** Resolves when somebody has come to one of these sockets. */
async function anyReadable(fds: readonly number[]): Promise<void> {
  const copies = fds.map((fd) => new FileDescriptor(dup(fd)));
  const enough = new AbortController();
  const waits = copies.map((copy) => copy.readable({ signal: enough.signal }));
  try {
    await Promise.race(waits);
  } finally {
    enough.abort();
    await Promise.allSettled(waits);
    for (const copy of copies) copy.close();
  }
}
