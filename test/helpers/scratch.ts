// Where a test puts its sockets and files: gone, with all that is in it, when the test ends.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pid, platform } from 'node:process';

/** The kinds of address that this system has. */
export const addressKinds: readonly ('pathname' | 'abstract')[] =
  platform === 'linux' ? ['pathname', 'abstract'] : ['pathname'];

/** Whether this system has SOCK_SEQPACKET. */
export const hasSeqpacket: boolean = platform === 'linux';

let count = 0;

/** A folder of its own under the system's temporary one. */
export class Scratch implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'afunix-'));

  /** The path of `name` in this folder. */
  path(name = 'socket'): string {
    return join(this.folder, name);
  }

  /** A new address of this kind, as every peer takes it: `@` for abstract. */
  address(kind: 'pathname' | 'abstract' = 'pathname'): string {
    count += 1;
    return kind === 'pathname' ? this.path(`socket-${count}`) : `@afunix-test-${pid}-${count}`;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The same address for afunix: a leading NUL for abstract. */
export function native(address: string): string {
  return address.replace(/^@/, '\0');
}
