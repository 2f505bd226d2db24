// Of many processes that bind one path at once with `replace: 'stale'`, exactly one gets it.
import { once } from 'node:events';
import { UnixDatagram, UnixListener, UnixStream } from 'afunix';
import { describe, expect, test } from 'vitest';
import { type Child, Family } from '../helpers/children.js';
import { Scratch } from '../helpers/scratch.js';

const processes = 16;
const rounds = 10;

describe.each([
  ['stream', UnixListener],
  ['datagram', UnixDatagram],
])('%s', (type, Class) => {
  test.each(['no file', 'a stale file'])('%s is there', { timeout: 60_000 }, async (found) => {
    using scratch = new Scratch();
    const path = scratch.path();
    await using family = new Family(processes, 'bind-on-command.mjs', [type, path]);
    const { children } = family;
    await Promise.all(children.map((child) => child.says('ready')));

    for (let round = 0; round < rounds; round += 1) {
      if (found === 'a stale file') {
        const dead = await Class.bind(path, { unlinkOnClose: false });
        await dead.close();
      }
      const results = await Promise.all(children.map((child) => ask(child, 'bind')));
      expect(results.toSorted()).toEqual([...Array(processes - 1).fill('EADDRINUSE'), 'won']);

      // The winner is the one who answers there.
      if (type === 'stream') {
        await using stream = await UnixStream.connect(path);
        const winner = children[results.indexOf('won')];
        expect(stream.peerCredentials()?.pid).toBe(winner?.pid);
      }
      await Promise.all(children.map((child) => ask(child, 'close')));
    }
  });
});

/** Says one line, and resolves with the line that comes back. */
async function ask(child: Child, command: string): Promise<string> {
  child.stdout = '';
  child.process.stdin?.write(`${command}\n`);
  while (!child.stdout.endsWith('\n'))
    await once(child.process.stdout as NodeJS.EventEmitter, 'data');
  return child.stdout.trim();
}
