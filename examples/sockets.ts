// The Unix sockets of this machine, as a table: from the kernel's own socket for it, sock_diag(7), which
// also knows who is connected to whom and what waits to be read. Linux.
//
//   npx tsx examples/sockets.ts            those of this network namespace
//   npx tsx examples/sockets.ts --watch    again each second; Ctrl-C ends it
//   npx tsx examples/sockets.ts TEXT       those with TEXT in their line, such as "LISTEN" or a path
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import * as raw from 'afunix/raw';

/** A socket; its inode is its number. */
interface Entry {
  inode: number;
  type: string;
  state: string;
  name: string;
  peer: number;
  /** Messages or bytes to read; of a listener, connections to accept. */
  waiting: number;
}

// linux/netlink.h, linux/sock_diag.h, linux/unix_diag.h
const [AF_NETLINK, NETLINK_SOCK_DIAG, SOCK_RAW, SOCK_DIAG_BY_FAMILY] = [16, 4, 3, 20];
const [NLM_F_REQUEST, NLM_F_DUMP, NLMSG_ERROR, NLMSG_DONE] = [1, 0x300, 2, 3];
const [UDIAG_SHOW_NAME, UDIAG_SHOW_PEER, UDIAG_SHOW_RQLEN] = [1, 4, 16];
const [UNIX_DIAG_NAME, UNIX_DIAG_PEER, UNIX_DIAG_RQLEN] = [0, 2, 4];
const types: Record<number, string> = { 1: 'stream', 2: 'datagram', 5: 'seqpacket' };
const states: Record<number, string> = { 1: 'ESTABLISHED', 7: 'UNCONNECTED', 10: 'LISTEN' };

function* sockets(): Generator<Entry> {
  const fd = raw.socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG, { blocking: true });
  try {
    raw.send(fd, dumpRequest());
    const buffer = Buffer.alloc(64 * 1024);
    for (;;) {
      const length = raw.recv(fd, buffer);
      for (const [type, body] of messages(buffer.subarray(0, length))) {
        if (type === NLMSG_DONE) return;
        if (type === NLMSG_ERROR) throw new Error(`sock_diag: errno ${-body.readInt32LE(0)}`);
        yield entry(body);
      }
    }
  } finally {
    raw.close(fd);
  }
}

/** struct nlmsghdr and struct unix_diag_req. */
function dumpRequest(): Buffer {
  const request = Buffer.alloc(16 + 24);
  request.writeUInt32LE(request.length, 0);
  request.writeUInt16LE(SOCK_DIAG_BY_FAMILY, 4);
  request.writeUInt16LE(NLM_F_REQUEST | NLM_F_DUMP, 6);
  request.writeUInt8(raw.AF_UNIX, 16);
  request.writeUInt32LE(0xffffffff, 20); // in any state
  request.writeUInt32LE(UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN, 28);
  return request;
}

function* messages(buffer: Buffer): Generator<[type: number, body: Buffer]> {
  for (let at = 0; at < buffer.length; ) {
    const length = buffer.readUInt32LE(at);
    yield [buffer.readUInt16LE(at + 4), buffer.subarray(at + 16, at + length)];
    at += (length + 3) & ~3;
  }
}

/** struct unix_diag_msg, and what follows it. */
function entry(body: Buffer): Entry {
  const found = new Map<number, Buffer>();
  for (let at = 16; at < body.length; ) {
    const length = body.readUInt16LE(at);
    found.set(body.readUInt16LE(at + 2), body.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  const state = body.readUInt8(2);
  return {
    inode: body.readUInt32LE(4),
    type: types[body.readUInt8(1)] ?? '?',
    state: states[state] ?? String(state),
    name: printable(found.get(UNIX_DIAG_NAME)),
    peer: found.get(UNIX_DIAG_PEER)?.readUInt32LE(0) ?? 0,
    waiting: found.get(UNIX_DIAG_RQLEN)?.readUInt32LE(0) ?? 0,
  };
}

/** `/run/a path`, `@abstract`. */
function printable(name: Buffer | undefined): string {
  if (name === undefined) return '';
  const text = name[0] === 0 ? `@${name.subarray(1)}` : name.toString().replace(/\0$/, '');
  return text.replace(/\p{Cc}/gu, '?');
}

/** Who has each socket open: of other users' processes, only root may know. */
function owners(): Map<number, string> {
  const found = new Map<number, string>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const who = `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()}[${pid}]`;
      for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? [];
        if (inode !== undefined && !found.has(Number(inode))) found.set(Number(inode), who);
      }
    } catch {
      // it ended meanwhile, or is not ours to look at
    }
  }
  return found;
}

function table(filter: string): string {
  const who = owners();
  const rows = [...sockets()].map(({ inode, type, state, name, peer, waiting }) => [
    ...[String(inode), type, state, String(waiting)],
    ...[who.get(inode) ?? '-', peer === 0 ? '-' : `${peer} ${who.get(peer) ?? '-'}`, name],
  ]);
  const head = ['SOCKET', 'TYPE', 'STATE', 'WAITING', 'PROCESS', 'PEER', 'ADDRESS'];
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  const matching = rows.map(line).filter((text) => text.includes(filter));
  return [line(head), ...matching, `${matching.length} sockets`].join('\n');
}

const { values, positionals } = parseArgs({
  options: { watch: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [filter = ''] = positionals;
do {
  if (values.watch) process.stdout.write('\x1b[H\x1b[2J');
  console.log(table(filter));
  if (values.watch) await setTimeout(1000);
} while (values.watch);
