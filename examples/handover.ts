// Zero-downtime restart of an HTTP server: the new process gets the listening socket from the old one,
// and no request is lost.
//
//   npx tsx examples/handover.ts                  three generations of a server, under load
//   npx tsx examples/handover.ts serve PATH PORT  one server; each one started with the same PATH
//                                                 takes over from the one that runs
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { type AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FileDescriptor, UnixListener, UnixStream } from 'afunix';

/** Serves until a successor has taken over and the last answer is out. */
async function serve(path: string, port: number): Promise<void> {
  const server = http.createServer((_request, response) => {
    response.end(`process ${process.pid}`);
  });
  const predecessor = await connect(path);
  const inherited = await listeningSocket(predecessor);
  if (inherited === undefined) server.listen(port, '127.0.0.1');
  else server.listen({ fd: inherited.detach() });
  await once(server, 'listening');

  // The path is ours before the predecessor stops: there is always one to take over from.
  const handover = await UnixListener.bind(path, {
    mode: 0o600,
    replace: 'always',
    authorize: ({ uid }) => uid === process.getuid?.(),
  });
  await predecessor?.write('serving');
  await predecessor?.close();
  process.send?.((server.address() as AddressInfo).port);

  const successor = await handover.accept();
  await handover.close();
  await successor.write('listening', { fds: [server] });
  // Both accept now. If it dies before it serves, this one goes on, without a way to be replaced.
  if ((await successor.read()) === null) return;
  await successor.close();
  // Those it has accepted are answered first. Not by http's own close(): it may reset connections
  // whose request it has not read yet (Node 26). Those kept alive without one go after a second.
  Server.prototype.close.call(server);
  setTimeout(() => server.closeIdleConnections(), 1000).unref();
  if (process.connected) process.disconnect();
}

/** The server that runs, if one does. */
async function connect(path: string): Promise<UnixStream | undefined> {
  try {
    return await UnixStream.connect(path, { maxFds: 1 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined;
    throw error;
  }
}

async function listeningSocket(from: UnixStream | undefined): Promise<FileDescriptor | undefined> {
  const message = await from?.receive();
  return message?.fds[0];
}

/** Starts a server, replaces it twice while requests come, and tells who answered. */
async function demonstrate(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'afunix-handover-'));
  const file = fileURLToPath(import.meta.url);
  const children: ChildProcess[] = [];
  const start = async (): Promise<[ChildProcess, number]> => {
    const child = fork(file, ['serve', join(folder, 'handover.sock')]);
    children.push(child);
    const [port] = await once(child, 'message');
    return [child, port];
  };
  try {
    const [first, port] = await start();
    const load = new Load(port);
    await load.answered(500);
    const [second] = await start();
    await once(first, 'exit');
    await load.answered(500);
    await start();
    await once(second, 'exit');
    await load.answered(500);
    await load.stop();
    for (const [who, count] of load.answers) console.log(`${who} answered ${count} requests`);
    console.log(`${load.failed} requests failed`);
    process.exitCode = load.failed === 0 ? 0 : 1;
  } finally {
    for (const child of children) child.kill();
    rmSync(folder, { recursive: true });
  }
}

/** Eight clients that ask without a pause, with a connection for each request. */
class Load {
  readonly answers = new Map<string, number>();
  failed = 0;
  #going = true;
  readonly #clients: Promise<void>[];

  constructor(port: number) {
    this.#clients = Array.from({ length: 8 }, async () => {
      while (this.#going) await this.#ask(port);
    });
  }

  async #ask(port: number): Promise<void> {
    try {
      const request = http.get({ host: '127.0.0.1', port, agent: false });
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      const who = (await response.toArray()).join('');
      this.answers.set(who, (this.answers.get(who) ?? 0) + 1);
    } catch {
      this.failed++;
    }
  }

  /** Waits for so many more answers. */
  async answered(more: number): Promise<void> {
    const total = (): number => [...this.answers.values()].reduce((a, b) => a + b, 0);
    const wanted = total() + more;
    while (total() < wanted) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  async stop(): Promise<void> {
    this.#going = false;
    await Promise.all(this.#clients);
  }
}

const [command, path, port] = process.argv.slice(2);
if (command === 'serve') await serve(path as string, Number(port ?? 0));
else await demonstrate();
