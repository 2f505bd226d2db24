// The programs of examples/, started as their own head comments say.
import type { SpawnOptions } from 'node:child_process';
import { Child } from './children.js';
import { fromRoot } from './programs.js';

export function example(name: string, ...args: readonly string[]): Child {
  return exampleWith({}, name, ...args);
}

export function exampleWith(
  options: SpawnOptions,
  name: string,
  ...args: readonly string[]
): Child {
  const command = ['--import', 'tsx', fromRoot(`examples/${name}.ts`), ...args];
  return new Child(process.execPath, command, { cwd: fromRoot('.'), ...options });
}
