import { native } from '../native/binding.js';
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
} from '../native/constants.js';
import { ENOTSOCK } from '../native/errno.js';
import { check } from './errors.js';

/** The kind of file that a descriptor refers to. */
export type FileKind =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'pipe'
  | 'socket'
  | 'character'
  | 'block'
  | 'anonymous';

/** A socket's address family. */
export type SocketDomain = 'unix' | 'inet' | 'inet6' | 'other';

/** A socket's type. */
export type SocketType = 'stream' | 'datagram' | 'seqpacket' | 'other';

/** The kind of socket that a descriptor is. */
export interface SocketKind {
  domain: SocketDomain;
  type: SocketType;
  listening: boolean;
}

const kinds = new Map<number, FileKind>([
  [S_IFREG, 'file'],
  [S_IFDIR, 'directory'],
  [S_IFLNK, 'symlink'],
  [S_IFIFO, 'pipe'],
  [S_IFSOCK, 'socket'],
  [S_IFCHR, 'character'],
  [S_IFBLK, 'block'],
]);
const domains = new Map<number, SocketDomain>([
  [AF_UNIX, 'unix'],
  [AF_INET, 'inet'],
  [AF_INET6, 'inet6'],
]);
const types = new Map<number, SocketType>([
  [SOCK_STREAM, 'stream'],
  [SOCK_DGRAM, 'datagram'],
  [SOCK_SEQPACKET, 'seqpacket'],
]);

/** Returns the kind of file that `fd` refers to. Throws the error of fstat(2). */
export function kindOf(fd: number): FileKind {
  const mode = check('fstat', native.descriptors.mode(fd));
  return kinds.get(mode & S_IFMT) ?? 'anonymous';
}

/** Returns what the addon's `socketKind` says of a Unix socket of this type. */
export function unixSocketKind(type: number, listening: boolean): number {
  return (AF_UNIX << 16) | (type << 8) | Number(listening);
}

/** Returns the kind of socket that `fd` is. Null if it is no socket. */
export function socketOf(fd: number): SocketKind | null {
  const socket = native.descriptors.socketKind(fd);
  if (socket === ENOTSOCK) return null;
  check('getsockopt', socket);
  return {
    domain: domains.get(socket >> 16) ?? 'other',
    type: types.get((socket >> 8) & 0xff) ?? 'other',
    listening: (socket & 1) === 1,
  };
}
