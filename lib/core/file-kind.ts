import { native } from '../native/binding.js';
import { check } from './errors.js';

/** What a descriptor refers to. */
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

/** What socket a descriptor is. */
export interface SocketKind {
  domain: SocketDomain;
  type: SocketType;
  listening: boolean;
}

const ENOTSOCK = -(native.errnos.ENOTSOCK as number);
const { constants } = native;
const kinds = new Map<number | undefined, FileKind>([
  [constants.S_IFREG, 'file'],
  [constants.S_IFDIR, 'directory'],
  [constants.S_IFLNK, 'symlink'],
  [constants.S_IFIFO, 'pipe'],
  [constants.S_IFSOCK, 'socket'],
  [constants.S_IFCHR, 'character'],
  [constants.S_IFBLK, 'block'],
]);
const domains = new Map<number | undefined, SocketDomain>([
  [constants.AF_UNIX, 'unix'],
  [constants.AF_INET, 'inet'],
  [constants.AF_INET6, 'inet6'],
]);
const types = new Map<number | undefined, SocketType>([
  [constants.SOCK_STREAM, 'stream'],
  [constants.SOCK_DGRAM, 'datagram'],
  [constants.SOCK_SEQPACKET, 'seqpacket'],
]);

/** What `fd` refers to. Throws the error of fstat(2). */
export function kindOf(fd: number): FileKind {
  const mode = check('fstat', native.descriptors.mode(fd));
  return kinds.get(mode & (constants.S_IFMT as number)) ?? 'anonymous';
}

/** What socket `fd` is; null for what is none. */
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
