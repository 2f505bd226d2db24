// Real processes. Each is gone when the test ends, also when the test fails.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { fromRoot } from './programs.js';

/** How a process ended, and what it said. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export class Child implements AsyncDisposable {
  readonly process: ChildProcess;
  /** Resolves when the process is gone and its output is read. */
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';
  readonly #command: string;

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    this.#command = [command, ...args].join(' ');
    this.process = spawn(command, args, { stdio: 'pipe', ...options });
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    // A child may end before it has read all that it was sent.
    this.process.stdin?.on('error', () => {});
    this.ended = once(this.process, 'close').then(([code, signal]) => ({
      code,
      signal,
      stdout: this.stdout,
      stderr: this.stderr,
    }));
    this.ended.catch(() => {});
  }

  /** A Node process that runs a file of test/fixtures. */
  static fixture(name: string, args: readonly string[] = [], options: SpawnOptions = {}): Child {
    return new Child(process.execPath, [fromRoot(`test/fixtures/${name}`), ...args], options);
  }

  get pid(): number {
    if (this.process.pid === undefined) throw new Error(`${this.#command} did not start`);
    return this.process.pid;
  }

  /** Resolves when its stdout (or stderr) holds `text`; rejects if it ends without. */
  async says(text: string, stream: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
    const ended = this.ended.then((end) => {
      if (this[stream].includes(text)) return;
      throw new Error(
        `${this.#command} ended (${end.code ?? end.signal}) before it said "${text}":\n${end.stdout}${end.stderr}`,
      );
    });
    while (!this[stream].includes(text)) {
      await Promise.race([once(this.process[stream] as NodeJS.EventEmitter, 'data'), ended]);
    }
    ended.catch(() => {});
  }

  /** Resolves with its stdout if it exits with 0, else rejects with what it said. */
  async succeeds(): Promise<string> {
    const end = await this.ended;
    if (end.code === 0) return end.stdout;
    throw new Error(
      `${this.#command} ended with ${end.code ?? end.signal}:\n${end.stdout}${end.stderr}`,
    );
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    try {
      process.kill(this.pid, signal); // ChildProcess.kill() of Deno sends one signal, and no second
    } catch {
      // It has just ended.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.pid === undefined) return;
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const gone = once(this.process, 'exit');
      this.kill();
      await gone;
    }
    // What it has started may outlive it, and hold these open.
    this.process.stdout?.destroy();
    this.process.stderr?.destroy();
    await this.ended;
  }
}

/** Ends a worker. Deno's terminate() resolves before it has ended (denoland/deno#35657). */
export async function terminate(worker: Worker): Promise<void> {
  await worker.terminate();
  if (process.versions.deno !== undefined) await delay(500);
}

/** Says one line to it, and resolves with the line of JSON that comes back. */
// biome-ignore lint/suspicious/noExplicitAny: what a fixture says is the test's to know
export async function ask(child: Child, command: string): Promise<any> {
  child.stdout = '';
  child.process.stdin?.write(`${command}\n`);
  await child.says('\n');
  return JSON.parse(child.stdout);
}

/** Several processes of one kind. */
export class Family implements AsyncDisposable {
  readonly children: readonly Child[];

  constructor(count: number, fixture: string, args: readonly string[]) {
    this.children = Array.from({ length: count }, () => Child.fixture(fixture, args));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.children.map((child) => child[Symbol.asyncDispose]()));
  }
}
