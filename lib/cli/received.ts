// What becomes of descriptors that were received: they are described, saved, handed to a program, and closed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { FileDescriptor, Message } from '../index.js';
import { type DescriptorInfo, descriptorOf } from './describe.js';
import { peerEnvironment } from './environment.js';
import type { Notes, Who } from './notes.js';
import type { Values } from './options.js';

/** The kinds of descriptor whose contents --save saves. */
const SAVED = ['file', 'pipe'];

/** What came: a message, or a piece of a stream. */
export type Came = { readonly data: Buffer } & Partial<Pick<Message, 'fds' | 'controlTruncated'>>;

export class Received {
  readonly #save: string | undefined;
  readonly #exec: string | undefined;
  readonly #notes: Notes;
  #count = 0;

  constructor({ save, exec }: Pick<Values, 'save' | 'exec'>, notes: Notes) {
    if (save !== undefined) mkdirSync(save, { recursive: true });
    this.#save = save;
    this.#exec = exec;
    this.#notes = notes;
  }

  /** Uses and closes the descriptors of a message. Resolves with their descriptions. */
  async take(message: Came, who: Who): Promise<DescriptorInfo[]> {
    const { data, fds = [], controlTruncated = false } = message;
    if (controlTruncated) this.#notes.say('descriptors were lost: no more could be opened');
    const infos = fds.map(descriptorOf);
    for (const info of infos) this.#notes.descriptor(info);
    try {
      if (this.#exec !== undefined && fds.length > 0) await this.#run(this.#exec, data, fds, who);
      for (const [i, fd] of fds.entries()) {
        if (this.#save !== undefined) await this.#copy(fd, infos[i] as DescriptorInfo, this.#save);
      }
    } finally {
      for (const fd of fds) if (!fd.closed) fd.close();
    }
    return infos;
  }

  /** Copies the contents of a file or pipe to the end of it. */
  async #copy(
    fd: FileDescriptor,
    { kind, path = '' }: DescriptorInfo,
    folder: string,
  ): Promise<void> {
    this.#count += 1;
    if (!SAVED.includes(kind)) return this.#notes.say(`a ${kind} cannot be saved`);
    // The name is the sender's choice: only letters, digits, and what cannot lead out of the folder.
    const name = basename(path).replace(/[^\w.-]/g, '_');
    const target = join(folder, name === '' ? `${this.#count}` : `${this.#count}-${name}`);
    await pipeline(fd.toReadStream(), createWriteStream(target, { flags: 'wx' }));
    this.#notes.say(`saved as ${target}`, { saved: target });
  }

  /** Runs a program that has the descriptors, and the message as its stdin. */
  async #run(
    command: string,
    data: Uint8Array,
    fds: readonly FileDescriptor[],
    who: Who,
  ): Promise<void> {
    const child = spawn('/bin/sh', ['-c', command], {
      stdio: ['pipe', 'inherit', 'inherit', ...fds.map(({ fd }) => fd)],
      env: { ...process.env, ...peerEnvironment(who), AFUNIX_FDS: String(fds.length) },
    });
    child.stdin?.on('error', () => {}).end(data); // it need not read all of it
    const [code, signal] = await once(child, 'close');
    if (code !== 0) this.#notes.say(`${command} ended with ${code ?? signal}`);
  }
}
