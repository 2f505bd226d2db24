// The command `who`.
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Request } from '../commands.js';
import { Notes } from '../notes.js';
import { print, printJson } from '../output.js';
import { type Entry, owners, sockets } from '../socket-table.js';

/** Prints which processes use an address. Resolves with 1 if there are none. */
export async function run({ words: [address = ''], options }: Request): Promise<number> {
  const found = sockets().filter((entry) => isAt(entry, address));
  const who = found.length === 0 ? undefined : owners();
  for (const { inode, type, state } of found) {
    const processes = who?.get(inode) ?? [];
    if (options.json) await printJson({ address, type, state, inode, owners: processes });
    else {
      const names = processes.map(
        ({ pid, uid, program }) => `process ${pid} (${program}), user ${uid}`,
      );
      if (names.length === 0) names.push('a process that you may not look at');
      for (const name of names) await print(`${name}: ${state} ${type}\n`);
    }
  }
  if (found.length === 0) new Notes(options).say(`nobody uses ${address}`, { address });
  return found.length === 0 ? 1 : 0;
}

/** Whether a socket was bound to this address. Those that a listener accepted have its address, too. */
function isAt({ address, file, state, type }: Entry, wanted: string): boolean {
  if (state === 'connected' && type !== 'dgram') return false;
  if (wanted.startsWith('@')) return address === wanted;
  // A path may have been bound by another name of its folder.
  const inode = statSync(wanted, { throwIfNoEntry: false })?.ino;
  return inode === file && basename(address) === basename(wanted);
}
