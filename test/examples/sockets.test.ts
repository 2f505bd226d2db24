// examples/sockets.ts: what it says of sockets of this test is what ss(8) says, and what is so.
import { UnixDatagram, UnixListener, UnixStream } from 'afunix';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { example } from '../helpers/examples.js';
import { describeWith, programPath } from '../helpers/programs.js';
import { native, Scratch } from '../helpers/scratch.js';

const columns = (line: string): string[] => line.trim().split(/\s+/);

async function table(text: string): Promise<string[][]> {
  await using child = example('sockets', text);
  const lines = (await child.succeeds()).trimEnd().split('\n');
  expect(lines.at(-1)).toBe(`${lines.length - 2} sockets`);
  return lines.slice(1, -1).map(columns);
}

test.runIf(process.platform === 'linux')(
  'sockets of this process',
  async () => {
    using scratch = new Scratch();
    const [path, name] = [scratch.address('pathname'), scratch.address('abstract')];
    await using listener = await UnixListener.bind(path);
    await using client = await UnixStream.connect(path);
    await using _datagram = await UnixDatagram.bind(native(name));

    const me = new RegExp(`^\\S+\\[${process.pid}\\]$`);
    expect(await table(path)).toEqual([
      [expect.any(String), 'stream', 'LISTEN', '1', expect.stringMatching(me), '-', path],
    ]);
    expect(await table(name)).toEqual([
      [expect.any(String), 'datagram', 'UNCONNECTED', '0', expect.stringMatching(me), '-', name],
    ]);

    await using server = await listener.accept();
    await using _second = await UnixStream.connect(path);
    await client.write('hello');
    const [row = []] = (await table(path)).filter(([, , state]) => state === 'ESTABLISHED');
    expect(row.slice(1, 4)).toEqual(['stream', 'ESTABLISHED', '5']);
    expect(server.bytesReadable).toBe(5);
    const [peer = []] = (await table(`${row[5]} `)).filter(([inode]) => inode === row[5]);
    expect(peer[5]).toBe(row[0]);
  },
  60_000,
);

describeWith('ss', programPath('ss'), (ss: string) => {
  test('says the same', async () => {
    using scratch = new Scratch();
    const path = scratch.address();
    await using listener = await UnixListener.bind(path);
    await using client = await UnixStream.connect(path);
    await using _server = await listener.accept();
    await client.write('hello');
    await using child = new Child(ss, ['--unix', '--all', '--no-header', '--numeric']);

    // Netid State Recv-Q Send-Q LocalAddress Inode PeerAddress PeerInode
    const theirs = (await child.succeeds())
      .split('\n')
      .map(columns)
      .filter(([, , , , address]) => address === path)
      .map(([, state = '', , , , inode, , peer]) => [inode, state, peer]);
    const ours = (await table(path)).map(([inode, , state, , , peer]) => [
      ...[inode, state === 'ESTABLISHED' ? 'ESTAB' : state, peer === '-' ? '0' : peer],
    ]);
    expect(ours.sort()).toEqual(theirs.sort());
    expect(ours).toHaveLength(2);
  }, 60_000);
});
