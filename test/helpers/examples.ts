// The programs of examples/, started as their own head comments say.
import type { SpawnOptions } from 'node:child_process';
import { versions } from 'node:process';
import { Child } from './children.js';
import { fromRoot } from './programs.js';

// Bun and Deno know TypeScript.
const words =
  versions.deno !== undefined
    ? ['run', '--allow-all', '--sloppy-imports']
    : versions.bun !== undefined
      ? []
      : ['--import', 'tsx'];

export function example(name: string, ...args: readonly string[]): Child {
  return exampleWith({}, name, ...args);
}

export function exampleWith(
  options: SpawnOptions,
  name: string,
  ...args: readonly string[]
): Child {
  const command = [...words, fromRoot(`examples/${name}.ts`), ...args];
  return new Child(process.execPath, command, { cwd: fromRoot('.'), ...options });
}
