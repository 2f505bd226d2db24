// The Unix sockets of this machine: from the kernel's own socket for it, sock_diag(7), which also knows who is
// connected to whom and what waits to be read. Linux.
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { platform } from 'node:os';
import { AF_UNIX, close, recv, send, socket } from '../raw.js';
import { programOf } from './describe.js';

/** A process that has a socket open. */
export interface Owner {
  readonly pid: number;
  readonly uid: number;
  readonly program: string;
}

/** A socket; its inode is its number. */
export interface Entry {
  readonly inode: number;
  readonly type: string;
  readonly state: string;
  /** The address: a path, `@` and an abstract name, or nothing. */
  readonly address: string;
  /** The inode of its path, 0 if it has none. */
  readonly file: number;
  /** The inode of the socket that it is connected to, 0 if there is none. */
  readonly peer: number;
  /** Messages or bytes to read; of a listener, connections to accept. */
  readonly waiting: number;
  /** Bytes that were sent and not read; of a listener, how many connections may wait. */
  readonly unread: number;
}

// linux/netlink.h, linux/sock_diag.h, linux/unix_diag.h
const [AF_NETLINK, NETLINK_SOCK_DIAG, SOCK_RAW, SOCK_DIAG_BY_FAMILY] = [16, 4, 3, 20];
const [NLM_F_REQUEST, NLM_F_DUMP, NLMSG_ERROR, NLMSG_DONE] = [1, 0x300, 2, 3];
const [SHOW_NAME, SHOW_VFS, SHOW_PEER, SHOW_RQLEN] = [1, 2, 4, 16];
const [DIAG_NAME, DIAG_VFS, DIAG_PEER, DIAG_RQLEN] = [0, 1, 2, 4];
const types: Readonly<Record<number, string>> = { 1: 'stream', 2: 'dgram', 5: 'seqpacket' };
const states: Readonly<Record<number, string>> = {
  1: 'connected',
  7: 'unconnected',
  10: 'listening',
};

/** Returns all sockets of this network namespace. */
export function sockets(): Entry[] {
  if (platform() !== 'linux') throw new Error('only Linux lists its sockets');
  const fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG, { blocking: true });
  const found: Entry[] = [];
  try {
    send(fd, dumpRequest());
    const buffer = Buffer.alloc(64 * 1024);
    for (;;) {
      const length = recv(fd, buffer);
      for (const [type, body] of messages(buffer.subarray(0, length))) {
        if (type === NLMSG_DONE) return found;
        if (type === NLMSG_ERROR) throw new Error(`sock_diag: errno ${-body.readInt32LE(0)}`);
        found.push(entry(body));
      }
    }
  } finally {
    close(fd);
  }
}

/** Returns who has each socket open, by its inode. Of other users' processes, only root may know. */
export function owners(): Map<number, Owner[]> {
  const found = new Map<number, Owner[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const owner: Owner = {
        pid: Number(name),
        uid: statSync(`/proc/${name}`).uid,
        program: programOf(Number(name)),
      };
      for (const inode of inodesOf(name)) found.set(inode, [...(found.get(inode) ?? []), owner]);
    } catch {
      // It ended meanwhile, or is not ours to look at.
    }
  }
  return found;
}

function inodesOf(pid: string): Set<number> {
  const inodes = new Set<number>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? [];
    if (inode !== undefined) inodes.add(Number(inode));
  }
  return inodes;
}

/** Returns struct nlmsghdr and struct unix_diag_req. */
function dumpRequest(): Buffer {
  const request = Buffer.alloc(16 + 24);
  request.writeUInt32LE(request.length, 0);
  request.writeUInt16LE(SOCK_DIAG_BY_FAMILY, 4);
  request.writeUInt16LE(NLM_F_REQUEST | NLM_F_DUMP, 6);
  request.writeUInt8(AF_UNIX, 16);
  request.writeUInt32LE(0xffffffff, 20); // in any state
  request.writeUInt32LE(SHOW_NAME | SHOW_VFS | SHOW_PEER | SHOW_RQLEN, 28);
  return request;
}

function* messages(buffer: Buffer): Generator<[type: number, body: Buffer]> {
  for (let at = 0; at < buffer.length; ) {
    const length = buffer.readUInt32LE(at);
    yield [buffer.readUInt16LE(at + 4), buffer.subarray(at + 16, at + length)];
    at += (length + 3) & ~3;
  }
}

/** Reads struct unix_diag_msg, and what follows it. */
function entry(body: Buffer): Entry {
  const found = new Map<number, Buffer>();
  for (let at = 16; at < body.length; ) {
    const length = body.readUInt16LE(at);
    found.set(body.readUInt16LE(at + 2), body.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  const state = body.readUInt8(2);
  const queue = found.get(DIAG_RQLEN);
  return {
    inode: body.readUInt32LE(4),
    type: types[body.readUInt8(1)] ?? '?',
    state: states[state] ?? String(state),
    address: printable(found.get(DIAG_NAME)),
    file: found.get(DIAG_VFS)?.readUInt32LE(0) ?? 0,
    peer: found.get(DIAG_PEER)?.readUInt32LE(0) ?? 0,
    waiting: queue?.readUInt32LE(0) ?? 0,
    unread: queue?.readUInt32LE(4) ?? 0,
  };
}

function printable(name: Buffer | undefined): string {
  if (name === undefined) return '';
  const text = name[0] === 0 ? `@${name.subarray(1)}` : name.toString().replace(/\0$/, '');
  return text.replace(/\p{Cc}/gu, '?');
}
