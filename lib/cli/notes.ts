// What is told on stderr about peers and descriptors.

import { fstatSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import type { Credentials, FileDescriptor, Message } from '../index.js';

export class Notes {
  readonly #quiet: boolean;
  #sender = '';

  constructor(quiet: boolean) {
    this.#quiet = quiet;
  }

  /** Tells `text`. */
  say(text: string): void {
    if (!this.#quiet) process.stderr.write(`afunix: ${text}\n`);
  }

  /** Tells who is at the other end of a connection. */
  peer(what: string, credentials: Credentials | null): void {
    this.say(credentials === null ? what : `${what}: ${process_(credentials)}`);
  }

  /** Tells who sent a message, if it was not the same as the last time. */
  sender(from: string, credentials: Credentials | null): void {
    const address = from === '' ? 'an unnamed socket' : from;
    const sender = credentials === null ? address : `${address}, ${process_(credentials)}`;
    if (sender !== this.#sender) this.say(`from ${sender}`);
    this.#sender = sender;
  }

  /** Lists the descriptors of a message, and closes them. */
  descriptors({ fds, controlTruncated }: Message): void {
    for (const fd of fds) {
      this.say(`descriptor: ${describe(fd)}`);
      fd.close();
    }
    if (controlTruncated) this.say('descriptors were lost: no more could be opened');
  }
}

function process_({ pid, uid, gid }: Credentials): string {
  const name = commandOf(pid);
  return `process ${pid}${name === '' ? '' : ` (${name})`}, user ${uid}, group ${gid}`;
}

/**
 * Linux tells; it may be gone by now. Its command line rather than `comm`, the name of its first thread, which is
 * `MainThread` in Node.js 24 and later; one that has ended and is not waited for has only that.
 */
function commandOf(pid: number): string {
  const of = (file: string): string => quietly(() => readFileSync(`/proc/${pid}/${file}`, 'utf8'));
  const [path] = of('cmdline').split('\0', 1) as [string];
  return basename(path) || of('comm').trim();
}

function describe(fd: FileDescriptor): string {
  const { kind, domain, type, listening } = fd;
  if (domain !== null) return `${listening ? 'listening ' : ''}${domain} ${type} socket`;
  const { size } = fstatSync(fd.fd);
  const path = quietly(() => readlinkSync(`/proc/self/fd/${fd.fd}`));
  return `${kind}${kind === 'file' ? `, ${size} bytes` : ''}${path.startsWith('/') ? `, ${path}` : ''}`;
}

function quietly(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
