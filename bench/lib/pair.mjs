// A contender at work: its server and its client, two processes that live through all rounds.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { limitProgram } from './limit.mjs';

const child = fileURLToPath(new URL('../child.mjs', import.meta.url));

/** Milliseconds that a round may take. */
const LONGEST = 15_000;

class Side {
  #process;
  #lines;
  #stderr = '';

  constructor(contender, role, options, processor) {
    const program = contender.limit
      ? [limitProgram(), contender.limit, role, ...limitArguments(options)]
      : [process.execPath, child, contender.module, role, JSON.stringify(options)];
    const command =
      processor === undefined ? program : ['taskset', '-c', String(processor), ...program];
    const base = contender.root === undefined ? {} : { AFUNIX_BENCH_ROOT: contender.root };
    this.#process = spawn(command[0], command.slice(1), {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...base },
    });
    this.#process.stdin.on('error', () => {});
    this.#process.stderr.setEncoding('utf8').on('data', (text) => {
      this.#stderr += text;
    });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** taskset(1) replaces itself: this is the program's own. */
  get pid() {
    return this.#process.pid;
  }

  async line() {
    // A contender that lost a message would wait for ever.
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), LONGEST);
    const { value, done } = await this.#lines.next();
    clearTimeout(timer);
    if (done) throw new Error(`a contender ended early: ${lastWord(this.#stderr)}`);
    return value;
  }

  async round() {
    this.#process.stdin.write('round\n');
    return JSON.parse(await this.line());
  }

  async stop() {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }
}

function lastWord(stderr) {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => line.includes('Error')) ?? lines[0] ?? 'without a word';
}

const limitArguments = ({ path, size, count, ...rest }) =>
  [path, size, count, rest.rate ?? 0].map(String);

export class Pair {
  #server;
  #client;

  /** Starts both sides, each on its processor, or wherever the system puts it (undefined). */
  static async start(contender, options, processors) {
    const pair = new Pair();
    try {
      pair.#server = new Side(contender, 'server', options, processors.server);
      await pair.#server.line();
      pair.#client = new Side(contender.client ?? contender, 'client', options, processors.client);
      await pair.#client.line();
    } catch (error) {
      await pair.stop();
      throw error;
    }
    return pair;
  }

  /** One round: what the client measured, and the processor time and memory both sides took. */
  async round() {
    const before = this.#usage();
    const measured = await this.#client.round();
    const after = this.#usage();
    return {
      ...measured,
      cpu: after.cpu - before.cpu,
      memory: after.server + after.client - before.server - before.client,
      serverMemory: after.server - before.server,
      clientMemory: after.client - before.client,
    };
  }

  #usage() {
    return {
      cpu: processorTime(this.#server.pid) + processorTime(this.#client.pid),
      server: residentBytes(this.#server.pid),
      client: residentBytes(this.#client.pid),
    };
  }

  async stop() {
    await this.#client?.stop();
    await this.#server?.stop();
  }
}

/** Nanoseconds on a processor, all threads (schedstat counts finer than the ticks of stat). */
function processorTime(pid) {
  let total = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      total += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // The thread has just ended.
    }
  }
  return total;
}

function residentBytes(pid) {
  const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
  return Number(pages) * 4096;
}
