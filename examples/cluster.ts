// An HTTP server of several processes at one path: the workers of node:cluster inherit its descriptor, and each
// connection goes to one that is free.
//
//   npx tsx examples/cluster.ts              four workers, and 200 requests to them
//   npx tsx examples/cluster.ts serve PATH   four workers; try: curl --unix-socket PATH http://localhost/
import cluster from 'node:cluster';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { UnixListener } from 'afunix';
import { attach } from 'afunix/net';

/** The descriptor in the workers: it follows stdin, stdout, stderr and the channel of node:cluster. */
const LISTENER = 4;

/** The listener that the workers share. The primary accepts nothing. */
class Primary implements AsyncDisposable {
  readonly #listener: UnixListener;
  #closing = false;

  private constructor(listener: UnixListener) {
    this.#listener = listener;
  }

  static async start(path: string, size: number): Promise<Primary> {
    const primary = new Primary(await UnixListener.bind(path, { replace: 'stale' }));
    cluster.setupPrimary({
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', primary.#listener.fd],
    });
    cluster.on('exit', () => {
      if (!primary.#closing) cluster.fork();
    });
    const workers = Array.from({ length: size }, () => cluster.fork());
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    return primary;
  }

  /** Workers answer what they have accepted; connections that nobody accepted are refused. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    await this.#listener.close();
    await new Promise<void>((resolve) => cluster.disconnect(resolve));
  }
}

function work(): void {
  const server = http.createServer((_request, response) => {
    response.end(`worker ${cluster.worker?.id}\n`);
  });
  attach(server).listen({ fd: LISTENER }, () => process.send?.('listening'));
  process.once('disconnect', () => server.close());
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

if (cluster.isWorker) {
  work();
} else {
  const [command, given] = process.argv.slice(2);
  const folder = mkdtempSync(join(tmpdir(), 'afunix-cluster-'));
  const path = given ?? join(folder, 'cluster.sock');
  try {
    await using _primary = await Primary.start(path, 4);
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
