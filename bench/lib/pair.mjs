// A contender at work: its server and its client, two processes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { runtime } from '../../scripts/runtimes/install.mjs';
import { limitProgram } from './limit.mjs';

const child = fileURLToPath(new URL('../child.mjs', import.meta.url));

/** Milliseconds that a start or a round may take. */
const LONGEST = 60_000;

class Side {
  #process;
  #lines;
  #stderr = '';

  constructor(contender, role, options, launcher) {
    const program = contender.limit
      ? [limitProgram(), contender.limit, role, ...limitArguments(options)]
      : [...interpreter(contender), child, contender.module, role, JSON.stringify(options)];
    const [command, ...words] = [...launcher, ...program];
    const base = contender.root === undefined ? {} : { AFUNIX_BENCH_ROOT: contender.root };
    this.#process = spawn(command, words, {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true, // with a group of its own, which ends as a whole
      env: { ...process.env, ...base, ...contender.env },
    });
    this.#process.stdin.on('error', () => {});
    this.#process.stderr.setEncoding('utf8').on('data', (text) => {
      this.#stderr += text;
    });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  get pid() {
    return this.#process.pid;
  }

  async line() {
    // A contender that lost a message would wait forever.
    const timer = setTimeout(() => this.#kill(), LONGEST);
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
    this.#kill();
    await exited;
  }

  /** Ends what it has started, too. */
  #kill() {
    process.kill(-this.#process.pid, 'SIGKILL');
  }
}

const interpreter = ({ runtime: name, flags = [] }) =>
  name === undefined ? [process.execPath, ...flags] : runtime(name);

function lastWord(stderr) {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[0] ?? 'without a word';
}

const limitArguments = ({ path, size, count, ...rest }) =>
  [path, size, count, rest.rate ?? 0].map(String);

export class Pair {
  #server;
  #client;

  /** Starts both sides; `launcher` is what their commands begin with, `clientLauncher` the client's. */
  static async start(contender, options, launcher, clientLauncher = launcher) {
    const pair = new Pair();
    try {
      pair.#server = new Side(contender, 'server', options, launcher);
      await pair.#server.line();
      pair.#client = new Side(contender.client ?? contender, 'client', options, clientLauncher);
      await pair.#client.line();
    } catch (error) {
      await pair.stop();
      throw error;
    }
    return pair;
  }

  get pids() {
    return { server: this.#server.pid, client: this.#client.pid };
  }

  /** Plays a round. Returns what the client measured, and what both sides took of processor time and memory. */
  async round() {
    const before = this.#usage();
    const measured = await this.#client.round();
    const after = this.#usage();
    return { ...measured, cpu: after.cpu - before.cpu, memory: after.memory - before.memory };
  }

  #usage() {
    const { pid: server } = this.#server;
    const { pid: client } = this.#client;
    return {
      cpu: processorTime(server) + processorTime(client),
      memory: residentBytes(server) + residentBytes(client),
    };
  }

  async stop() {
    await this.#client?.stop();
    await this.#server?.stop();
  }
}

/** Returns the nanoseconds that all threads ran, those of children too: `schedstat` counts finer than `stat`. */
function processorTime(pid) {
  let total = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const read = (name) => readFileSync(`/proc/${pid}/task/${task}/${name}`, 'utf8').split(' ');
    try {
      total += Number(read('schedstat')[0]);
      for (const child of read('children')) if (child !== '') total += processorTime(child);
    } catch {
      // The thread has just ended, or the kernel does not list children.
    }
  }
  return total;
}

function residentBytes(pid) {
  const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
  return Number(pages) * 4096;
}
