// The command `clean`.
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UnixDatagram } from '../../index.js';
import type { Request } from '../commands.js';
import { print, printJson } from '../output.js';
import { probe } from '../probe.js';

/** Removes the sockets that nobody uses. Resolves with 1 if a named one was left. */
export async function run({ words, options }: Request): Promise<number> {
  let left = 0;
  for (const word of words) {
    const folder = lstatSync(word, { throwIfNoEntry: false })?.isDirectory() === true;
    for (const path of folder ? socketsOf(word) : [word]) {
      const { state } = probe(path, true);
      const removed = state === 'dead' && (await remove(path));
      if (!removed && !folder) left += 1;
      const result = removed ? 'removed' : state === 'dead' ? 'alive' : state;
      if (options.json) await printJson({ path, result });
      else if (!options.quiet) await print(`${path}: ${result}\n`);
    }
  }
  return left === 0 ? 0 : 1;
}

function socketsOf(folder: string): string[] {
  const paths = readdirSync(folder).map((name) => join(folder, name));
  // Not by the entries' types: those of Deno know no sockets.
  return paths.filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true);
}

/** Takes the path over and gives it up, so that nobody's can be removed who binds it at this moment. */
async function remove(path: string): Promise<boolean> {
  try {
    await (await UnixDatagram.bind(path, { replace: 'stale' })).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}
