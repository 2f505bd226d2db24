// The command `afunix`, as a process.
import type { SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { Child } from './children.js';
import { fromRoot } from './programs.js';

const covered = process.env.NODE_V8_COVERAGE !== undefined;
const flags = covered ? ['--import', fromRoot('test/helpers/take-coverage-when-ended.mjs')] : [];

class Command extends Child {
  override async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.process;
    if (covered && exitCode === null && signalCode === null) {
      const gone = once(this.process, 'exit');
      this.kill('SIGUSR2');
      await gone;
    }
    await super[Symbol.asyncDispose]();
  }
}

export function afunix(args: readonly string[], options: SpawnOptions = {}): Child {
  return new Command(process.execPath, [...flags, fromRoot('dist/cli/main.js'), ...args], options);
}

/** One that listens already; for a datagram socket, that is bound. */
export async function listening(
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<Child> {
  const child = afunix(args, options);
  await child.says(args.includes('dgram') ? 'bound to' : 'listening on', 'stderr');
  return child;
}
