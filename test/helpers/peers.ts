// The two programs of test/peers, which speak through the socket libraries of Python and Go.
import { existsSync } from 'node:fs';
import { describe } from 'vitest';
import { Child } from './children.js';
import { describeWith, fromRoot, goPeer, programPath } from './programs.js';
import { addressKinds, hasSeqpacket } from './scratch.js';

/** A type of socket, by its name in Go. */
export type Network = 'unix' | 'unixpacket' | 'unixgram';

export const networks: readonly Network[] = hasSeqpacket
  ? ['unix', 'unixpacket', 'unixgram']
  : ['unix', 'unixgram'];

export class Peer {
  readonly #command: readonly string[];

  constructor(...command: readonly string[]) {
    this.#command = command;
  }

  #start(...args: readonly string[]): Child {
    const [program, ...rest] = [...this.#command, ...args];
    return new Child(program as string, rest);
  }

  /** A server that is ready; it goes when it is disposed of. */
  async serve(network: Network, address: string, mode: 'echo' | 'descriptors'): Promise<Child> {
    const child = this.#start('serve', network, address, mode);
    try {
      await child.says('ready');
    } catch (error) {
      await child[Symbol.asyncDispose]();
      throw error;
    }
    return child;
  }

  /** A client that sends messages of these sizes, and wants each back; `succeeds()` tells. */
  echo(network: Network, address: string, sizes: readonly number[]): Child {
    return this.#start('dial', network, address, 'echo', ...sizes.map(String));
  }

  /** A client that gives a descriptor of the file and wants its contents. */
  give(network: Network, address: string, file: string): Child {
    return this.#start('dial', network, address, 'give', file);
  }

  /** A client that wants a descriptor of the file, and reads it. */
  take(network: Network, address: string, file: string): Child {
    return this.#start('dial', network, address, 'take', file);
  }
}

/** Declares tests for each peer and each kind of address. */
export function describePeers(
  declare: (peer: Peer, kind: (typeof addressKinds)[number]) => void,
): void {
  const each = (peer: Peer): void => {
    for (const kind of addressKinds) describe(kind, () => declare(peer, kind));
  };
  describeWith('python3', programPath('python3'), (python) => {
    each(new Peer(python, fromRoot('test/peers/peer.py')));
  });
  describeWith('go', existsSync(goPeer) ? goPeer : undefined, (program) => {
    each(new Peer(program));
  });
}

/** What a peer's `echo` client sends for these sizes: no two alike. */
export function messages(sizes: readonly number[]): Buffer[] {
  return sizes.map((size, seed) =>
    Buffer.from(Array.from({ length: size }, (_, i) => (i + seed) % 251)),
  );
}
