// DogStatsD over a datagram socket: a client that never makes its program wait, and an agent that adds up.
//
//   npx tsx examples/dogstatsd.ts               an agent, and a program that sends it 10,000 metrics
//   npx tsx examples/dogstatsd.ts agent PATH    an agent; Ctrl-C ends it, and prints what came
//   npx tsx examples/dogstatsd.ts client PATH   the program
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UnixDatagram } from 'afunix';

/** Bytes of a datagram, at most: what Datadog's own clients use for Unix sockets. */
const MAX_PACKET = 8192;

/** Sends metrics, many in one datagram. What an agent has no room for is dropped, and counted. */
class Client implements AsyncDisposable {
  dropped = 0;
  readonly #socket = UnixDatagram.unbound({ reconnect: true }); // the agent may come and go
  #lines: string[] = [];
  #bytes = 0;
  readonly #timer = setInterval(() => this.flush(), 100).unref();

  constructor(path: string) {
    this.#socket.connect(path);
  }

  count(name: string, value: number, tags: readonly string[] = []): void {
    this.#add(name, `${value}|c`, tags);
  }

  gauge(name: string, value: number, tags: readonly string[] = []): void {
    this.#add(name, `${value}|g`, tags);
  }

  #add(name: string, value: string, tags: readonly string[]): void {
    const line = `${name}:${value}${tags.length === 0 ? '' : `|#${tags.join(',')}`}`;
    const bytes = Buffer.byteLength(line) + 1;
    if (this.#bytes + bytes > MAX_PACKET) this.flush();
    this.#lines.push(line);
    this.#bytes += bytes;
  }

  flush(): void {
    const lines = this.#lines;
    if (lines.length === 0) return;
    this.#lines = [];
    this.#bytes = 0;
    if (!this.#trySend(lines.join('\n'))) this.dropped += lines.length;
  }

  #trySend(packet: string): boolean {
    try {
      return this.#socket.trySend(packet);
    } catch {
      return false; // no agent
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.flush();
    await this.#socket.close();
  }
}

/** Adds up what comes: counters are sums, and of a gauge the last value counts. */
class Totals {
  readonly values = new Map<string, number>();
  refused = 0;

  add(packet: string): void {
    for (const line of packet.split('\n')) if (line !== '') this.#addLine(line);
  }

  #addLine(line: string): void {
    const [, name, number, type, rate = '1', tags = ''] =
      /^([^:|]+):([-+.\de]+)\|(c|g)(?:\|@([.\d]+))?(?:\|#(.*))?$/.exec(line) ?? [];
    const value = Number(number);
    if (name === undefined || Number.isNaN(value) || !(Number(rate) > 0)) {
      this.refused++;
      return;
    }
    const key = tags === '' ? name : `${name} ${tags.split(',').sort().join(' ')}`;
    const before = type === 'c' ? (this.values.get(key) ?? 0) : 0;
    this.values.set(key, before + (type === 'c' ? value / Number(rate) : value));
  }
}

async function agent(path: string): Promise<void> {
  const totals = new Totals();
  const socket = await UnixDatagram.bind(path, {
    mode: 0o622, // everybody may send
    replace: 'stale',
  });
  socket.onMessages(
    (messages) => {
      for (const { data } of messages) totals.add(data.toString());
    },
    { reuse: true },
  );
  console.log(`agent at ${path}`);
  process.send?.('ready');

  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  for (let waiting = 1; waiting > 0; waiting = socket.bytesReadable) {
    await new Promise((resolve) => setImmediate(resolve)); // what is queued still counts
  }
  await socket.close();
  for (const [name, value] of totals.values) console.log(`${name} = ${value}`);
  console.log(`${totals.refused} lines refused`);
  if (process.connected) process.disconnect();
}

async function client(path: string): Promise<void> {
  await using statsd = new Client(path);
  for (let done = 1; done <= 10_000; done++) {
    statsd.count('jobs.done', 1, [done % 2 === 0 ? 'kind:even' : 'kind:odd']);
    // A program has other things to do, too, and the agent its turn.
    if (done % 1000 === 0) {
      statsd.gauge('jobs.left', 10_000 - done);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  statsd.flush();
  console.log(`${statsd.dropped} metrics dropped`);
}

async function demonstrate(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'afunix-dogstatsd-'));
  const path = join(folder, 'dsd.socket');
  const start = (...args: string[]): ChildProcess => fork(fileURLToPath(import.meta.url), args);
  const server = start('agent', path);
  try {
    await once(server, 'message');
    const [code] = await once(start('client', path), 'exit');
    server.kill('SIGINT');
    await once(server, 'exit');
    process.exitCode = code;
  } finally {
    server.kill();
    rmSync(folder, { recursive: true });
  }
}

const [command, path = '/tmp/dsd.socket'] = process.argv.slice(2);
if (command === 'agent') await agent(path);
else if (command === 'client') await client(path);
else await demonstrate();
