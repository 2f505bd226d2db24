// npm run demo -- FILE
//
// Two processes meet at Unix sockets of every type, talk, and part; then one opens FILE, passes it on
// as a descriptor, and the other reads it. Every step is printed when it happens.
//
// This file starts the two processes, examples/demo/server.ts and client.ts, and prints what they say.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, styleText } from 'node:util';
import type { FromChild, ToChild } from './demo/report.js';

const usage = 'Usage: npm run demo -- FILE';
const patience = 30_000; // milliseconds for all of it

type Style = Parameters<typeof styleText>[0];
const style = (how: Style, text: string): string =>
  process.stdout.isTTY ? styleText(how, text) : text;

async function main(): Promise<void> {
  const file = fileArgument();
  statSync(file); // throws if it is not there
  const folder = mkdtempSync(join(tmpdir(), 'afunix-demo-'));
  const children: ChildProcess[] = [];
  try {
    const start = (name: string): ChildProcess => {
      const program = fileURLToPath(new URL(`./demo/${name}.ts`, import.meta.url));
      const child = fork(program, [folder, file]);
      children.push(child);
      return child;
    };
    const server = start('server');
    const client = start('client');
    console.log(`server is process ${server.pid}, client is process ${client.pid}`);
    await Promise.race([
      Promise.all([follow('server', server, client), follow('client', client, server)]),
      tooLong(),
      interrupted(),
    ]);
    console.log(`\n${style('green', 'done')}: everything was closed and cleaned up`);
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

function fileArgument(): string {
  try {
    const { positionals } = parseArgs({ allowPositionals: true });
    const [file] = positionals;
    if (positionals.length === 1 && file !== undefined) return resolve(file);
  } catch (error) {
    console.error((error as Error).message);
  }
  console.error(usage);
  process.exit(2);
}

/** Prints what a process says, and resolves when it ends well. */
function follow(name: string, child: ChildProcess, other: ChildProcess): Promise<void> {
  const tell = (to: ChildProcess, message: ToChild): void => {
    if (to.connected) to.send(message, () => {});
  };
  return new Promise((resolve, reject) => {
    child.on('message', (message: FromChild) => {
      if ('title' in message) console.log(`\n${style('bold', message.title)}`);
      else if ('turn' in message) tell(other, { turn: message.turn });
      else console.log(line(name, message.step, message.fd, message.text));
      // Nobody goes on before the line is out: what it caused is printed after it.
      tell(child, 'printed');
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`the ${name} ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}

function line(name: string, step: string, fd: number | undefined, text: string): string {
  const who = style(name === 'server' ? 'cyan' : 'magenta', name);
  const number = fd === undefined ? '' : `fd ${fd}`;
  return `  ${who}  ${step.padEnd(10)}${style('dim', number.padEnd(7))}${text}`;
}

function tooLong(): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error('it took too long')), patience).unref();
  });
}

async function interrupted(): Promise<never> {
  const signals = ['SIGINT', 'SIGTERM'].map((signal) => once(process, signal));
  throw new Error(`interrupted by ${(await Promise.race(signals))[0]}`);
}

try {
  await main();
} catch (error) {
  console.error(`\n${style('red', 'failed')}: ${(error as Error).message}`);
  process.exitCode = 1;
}
