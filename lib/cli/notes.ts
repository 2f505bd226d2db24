// Notes on stderr about peers and descriptors.
import { fstatSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import type { Credentials, FileDescriptor, Message } from '../index.js';

export class Notes {
  readonly #quiet: boolean;
  #sender = '';

  constructor(quiet: boolean) {
    this.#quiet = quiet;
  }

  /** Writes a line, unless --quiet. */
  say(text: string): void {
    if (!this.#quiet) process.stderr.write(`afunix: ${text}\n`);
  }

  /** Describes the peer of a connection. */
  peer(what: string, credentials: Credentials | null): void {
    this.say(credentials === null ? what : `${what}: ${describeProcess(credentials)}`);
  }

  /** Describes the sender of a message, unless it is the sender of the last one. */
  sender(from: string, credentials: Credentials | null): void {
    const address = from === '' ? 'an unnamed socket' : from;
    const sender = credentials === null ? address : `${address}, ${describeProcess(credentials)}`;
    if (sender !== this.#sender) this.say(`from ${sender}`);
    this.#sender = sender;
  }

  /** Lists the descriptors of a message, and closes them. */
  descriptors({ fds, controlTruncated }: Message): void {
    for (const fd of fds) {
      this.say(`descriptor: ${describeDescriptor(fd)}`);
      fd.close();
    }
    if (controlTruncated) this.say('descriptors were lost: no more could be opened');
  }
}

function describeProcess({ pid, uid, gid }: Credentials): string {
  const name = commandOf(pid);
  return `process ${pid}${name === '' ? '' : ` (${name})`}, user ${uid}, group ${gid}`;
}

/**
 * Returns the name of a process's program; empty if it is gone, or if this is not Linux. The command line has it.
 * `comm` is the name of the first thread, `MainThread` in Node.js 24 and later, but a zombie has only that.
 */
function commandOf(pid: number): string {
  const of = (file: string): string => quietly(() => readFileSync(`/proc/${pid}/${file}`, 'utf8'));
  const [path] = of('cmdline').split('\0', 1) as [string];
  return basename(path) || of('comm').trim();
}

function describeDescriptor(fd: FileDescriptor): string {
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
