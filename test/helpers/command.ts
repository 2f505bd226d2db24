// The command `afunix`, as a process.
import type { SpawnOptions } from 'node:child_process';
import { Child } from './children.js';
import { fromRoot } from './programs.js';

export function afunix(args: readonly string[], options: SpawnOptions = {}): Child {
  return new Child(process.execPath, [fromRoot('dist/cli/main.js'), ...args], options);
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
