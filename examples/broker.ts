// A broker that accepts connections and hands each to the worker process with the fewest: all of them
// serve HTTP at one path.
//
//   npx tsx examples/broker.ts              four workers, and 200 requests to them
//   npx tsx examples/broker.ts serve PATH   four workers; try: curl --unix-socket PATH http://localhost/
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { UnixListener, UnixStream } from 'afunix';

/** The broker's view of a worker: a process, the socket to it, and how many connections it has. */
class Worker {
  connections = 0;
  readonly process: ChildProcess;
  readonly #socket: UnixStream;

  constructor(gone: (worker: Worker) => void) {
    // Its end takes descriptors from the start: some may come before it is up.
    const [mine, its] = UnixStream.pair({ maxFds: 253 });
    const command = [...process.execArgv, fileURLToPath(import.meta.url), 'work'];
    const stdio = ['ignore', 'inherit', 'inherit', its.fd] as const;
    this.process = spawn(process.execPath, command, { stdio: [...stdio] });
    this.#socket = mine;
    its.close().catch(console.error);
    this.#count()
      .catch(() => {}) // it died
      .finally(() => gone(this));
  }

  /** Each byte that it sends is a connection that ended. */
  async #count(): Promise<void> {
    for await (const { length } of this.#socket) this.connections -= length;
  }

  async take(connection: UnixStream): Promise<void> {
    await using _given = connection; // closed here: the worker has a duplicate
    this.connections++;
    await this.#socket.write('+', { fds: [connection] });
  }

  /** It serves what it has to the end. */
  async dismiss(): Promise<void> {
    this.#socket.shutdown('write');
    await once(this.process, 'exit');
  }
}

class Broker implements AsyncDisposable {
  readonly #workers = new Set<Worker>();
  readonly #listener: UnixListener;
  #closing = false;

  constructor(listener: UnixListener, size: number) {
    this.#listener = listener;
    for (let i = 0; i < size; i++) this.#hire();
    this.#distribute().catch(console.error);
  }

  #hire(): void {
    const gone = (worker: Worker): void => {
      this.#workers.delete(worker);
      if (!this.#closing) this.#hire(); // its connections are lost, the others are not
    };
    this.#workers.add(new Worker(gone));
  }

  async #distribute(): Promise<void> {
    for await (const connection of this.#listener) {
      const [worker] = [...this.#workers].sort((a, b) => a.connections - b.connections);
      worker?.take(connection).catch(console.error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    await this.#listener.close();
    await Promise.all([...this.#workers].map((worker) => worker.dismiss()));
  }
}

/** A worker: descriptor 3 brings connections. */
async function work(): Promise<void> {
  const broker = UnixStream.fromFd(3, { maxFds: 253 });
  const server = http.createServer((_request, response) => response.end(`worker ${process.pid}\n`));
  for (;;) {
    const message = await broker.receive();
    if (message === null) break;
    for (const fd of message.fds) {
      const connection = fd.toNetSocket();
      connection.once('close', () => broker.write('-').catch(() => {}));
      server.emit('connection', connection);
    }
  }
}

async function demonstrate(path: string): Promise<void> {
  const answers = new Map<string, number>();
  const ask = async (): Promise<void> => {
    const [response] = await once(http.get({ socketPath: path, agent: false }), 'response');
    const who = (await text(response)).trim();
    answers.set(who, (answers.get(who) ?? 0) + 1);
  };
  for (let i = 0; i < 25; i++) await Promise.all(Array.from({ length: 8 }, ask));
  for (const [who, count] of answers) console.log(`${who} answered ${count} requests`);
}

const [command, given] = process.argv.slice(2);
if (command === 'work') {
  await work();
} else {
  const folder = mkdtempSync(join(tmpdir(), 'afunix-broker-'));
  const path = given ?? join(folder, 'broker.sock');
  try {
    await using _broker = new Broker(await UnixListener.bind(path, { replace: 'stale' }), 4);
    if (command === 'serve') {
      console.log(`serving at ${path}`);
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    } else {
      await demonstrate(path);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
