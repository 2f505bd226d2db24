// The command `list`.
import type { Request } from '../commands.js';
import { print, printJson } from '../output.js';
import { type Owner, owners, sockets } from '../socket-table.js';

const HEAD = ['SOCKET', 'TYPE', 'STATE', 'WAITING', 'UNREAD', 'PROCESS', 'PEER', 'ADDRESS'];

/** Prints the Unix sockets of this machine. With a text, those that have it in their line. */
export async function run({ words: [filter = ''], options }: Request): Promise<void> {
  const who = owners();
  const found = sockets();
  if (options.json) {
    for (const { file: _file, ...entry } of found) {
      const value = { ...entry, owners: who.get(entry.inode) ?? [] };
      if (JSON.stringify(value).includes(filter)) await printJson(value);
    }
    return;
  }
  const rows = found.map(({ inode, type, state, address, peer, waiting, unread }) => [
    ...[String(inode), type, state, String(waiting), String(unread), names(who.get(inode))],
    ...[peer === 0 ? '-' : `${peer} ${names(who.get(peer))}`, address],
  ]);
  const widths = HEAD.map((head, i) =>
    rows.reduce((width, row) => Math.max(width, row[i]?.length ?? 0), head.length),
  );
  const line = (row: readonly string[]): string => {
    const cells = row.map((cell, i) => cell.padEnd(widths[i] ?? 0));
    return cells.join('  ').trimEnd();
  };
  const matching = rows.map(line).filter((text) => text.includes(filter));
  await print(`${[line(HEAD), ...matching].join('\n')}\n`);
}

/** Returns `node[4711]`, and how many more there are. */
function names(who: readonly Owner[] = []): string {
  const [first, ...others] = who;
  if (first === undefined) return '-';
  return `${first.program}[${first.pid}]${others.length === 0 ? '' : `+${others.length}`}`;
}
