// Processes, descriptors and bytes, for people and as JSON.
import { isUtf8 } from 'node:buffer';
import { fstatSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Credentials, FileDescriptor } from '../index.js';

/** A process, as JSON shows it. */
export interface ProcessInfo extends Credentials {
  readonly program?: string;
}

/** A descriptor, as JSON shows it. */
export interface DescriptorInfo {
  readonly kind: string;
  readonly domain?: string;
  readonly type?: string;
  readonly listening?: boolean;
  readonly size?: number;
  readonly path?: string;
}

/** Looks a process up. */
export function processOf({ pid, uid, gid }: Credentials): ProcessInfo {
  const program = programOf(pid);
  return { pid, uid, gid, ...(program === '' ? {} : { program }) };
}

/** Returns `process 4711 (node), user 1000, group 1000`. */
export function processText({ pid, uid, gid, program }: ProcessInfo): string {
  return `process ${pid}${program === undefined ? '' : ` (${program})`}, user ${uid}, group ${gid}`;
}

/**
 * Returns the name of a process's program; empty if it is gone, or if this is not Linux. The command line has it.
 * `comm` is the name of the first thread, `MainThread` in Node.js 24 and later, but a zombie has only that.
 */
export function programOf(pid: number): string {
  const of = (file: string): string => quietly(() => readFileSync(`/proc/${pid}/${file}`, 'utf8'));
  const [path] = of('cmdline').split('\0', 1) as [string];
  return basename(path) || of('comm').trim();
}

/** Looks a descriptor up. */
export function descriptorOf(fd: FileDescriptor): DescriptorInfo {
  const { kind, domain, type, listening } = fd;
  if (domain !== null && type !== null) return { kind, domain, type, listening };
  const path = quietly(() => readlinkSync(`/proc/self/fd/${fd.fd}`));
  return {
    kind,
    ...(kind === 'file' ? { size: sizeOf(fd.fd) } : {}),
    ...(path.startsWith('/') ? { path } : {}),
  };
}

function sizeOf(fd: number): number {
  try {
    return fstatSync(fd).size;
  } catch {
    return statSync(`/proc/self/fd/${fd}`).size; // Deno's fstatSync() knows only what its fs opened
  }
}

/** Returns `file, 7 bytes, /etc/hostname` or `listening inet stream socket`. */
export function descriptorText(info: DescriptorInfo): string {
  const { kind, domain, type, listening, size, path } = info;
  if (domain !== undefined) return `${listening ? 'listening ' : ''}${domain} ${type} socket`;
  return [kind, ...(size === undefined ? [] : [`${size} bytes`]), ...(path ? [path] : [])].join(
    ', ',
  );
}

/** Returns bytes as two hex digits each. */
export function hexOf(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** Returns bytes as JSON shows them: as text if they are UTF-8. */
export function jsonOf(data: Uint8Array): { data: string } | { base64: string } {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return isUtf8(bytes) ? { data: bytes.toString() } : { base64: bytes.toString('base64') };
}

function quietly(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
