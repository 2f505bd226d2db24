// A broker that accepts connections and hands each to the worker process with the fewest: all of them
// serve HTTP at one path.
//
//   npx tsx examples/broker.ts              four workers, and 200 requests to them
//   npx tsx examples/broker.ts serve PATH   four workers; try: curl --unix-socket PATH http://localhost/
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { UnixListener } from 'afunix';
import { serveConnections, WorkerPool } from 'afunix/handover';

/** Serves until `until` resolves. Workers that die are replaced; at the end all serve what they have. */
async function broker(path: string, until: () => Promise<unknown>): Promise<void> {
  await using listener = await UnixListener.bind(path, { replace: 'stale' });
  await using pool = new WorkerPool(new URL(import.meta.url), { size: 4, args: ['work'] });
  const serving = pool.serve(listener);
  await Promise.race([serving, until()]);
}

async function work(): Promise<void> {
  const answer = `worker ${process.pid}\n`;
  await serveConnections(http.createServer((_request, response) => response.end(answer)));
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

const [command, path] = process.argv.slice(2);
if (command === 'work') {
  await work();
} else if (command === 'serve') {
  await broker(path as string, () => {
    console.log(`serving at ${path}`);
    return Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  });
} else {
  const folder = mkdtempSync(join(tmpdir(), 'afunix-broker-'));
  const own = join(folder, 'broker.sock');
  await broker(own, () => demonstrate(own)).finally(() => rmSync(folder, { recursive: true }));
}
