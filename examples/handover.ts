// Zero-downtime restart of an HTTP server: the new process gets the listening socket from the old one,
// and no request is lost.
//
//   npx tsx examples/handover.ts                  three generations of a server, under load
//   npx tsx examples/handover.ts serve PATH PORT  one server; each one started with the same PATH
//                                                 takes over from the one that runs
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { takeOver } from 'afunix/handover';

/** Serves until a successor is ready, and the last answer is out. */
async function serve(path: string, port: number): Promise<void> {
  await using handover = await takeOver(path);
  const server = http.createServer((_, response) => response.end(`process ${process.pid}`));
  handover.listen('http', server, { port, host: '127.0.0.1' });
  await handover.ready();
  process.send?.((server.address() as AddressInfo).port);
  await handover.finished;
  if (process.connected) process.disconnect();
}

/** Replaces a server twice while clients ask without a pause, and tells who answered. */
async function demonstrate(folder: string): Promise<void> {
  const answers = new Map<string, number>();
  let [failed, going] = [0, true];
  const ask = async (port: number): Promise<void> => {
    while (going) {
      try {
        const [response] = await once(http.get({ host: '127.0.0.1', port }), 'response');
        const who = await text(response);
        answers.set(who, (answers.get(who) ?? 0) + 1);
      } catch {
        failed += 1;
      }
    }
  };
  const clients: Promise<void>[] = [];
  for (const generation of [1, 2, 3]) {
    const child = fork(fileURLToPath(import.meta.url), ['serve', join(folder, 'handover')]);
    const [port] = await once(child, 'message');
    if (generation === 1) for (let i = 0; i < 8; i++) clients.push(ask(port));
    const who = `process ${child.pid}`;
    while ((answers.get(who) ?? 0) < 500) await new Promise((resolve) => setTimeout(resolve, 10));
    if (generation === 3) going = false;
    process.once('exit', () => child.kill());
  }
  await Promise.all(clients);
  for (const [who, count] of answers) console.log(`${who} answered ${count} requests`);
  console.log(`${failed} requests failed`);
  process.exit(failed === 0 ? 0 : 1);
}

const [command, path, port] = process.argv.slice(2);
if (command === 'serve') {
  await serve(path as string, Number(port ?? 0));
} else {
  const folder = mkdtempSync(join(tmpdir(), 'afunix-handover-'));
  process.once('exit', () => rmSync(folder, { recursive: true }));
  await demonstrate(folder);
}
