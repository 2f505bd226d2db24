// The programs of examples/, started as their own head comments say.
import { Child } from './children.js';
import { fromRoot } from './programs.js';

export function example(name: string, ...args: readonly string[]): Child {
  const command = ['--import', 'tsx', fromRoot(`examples/${name}.ts`), ...args];
  return new Child(process.execPath, command, { cwd: fromRoot('.') });
}
