// `list`: what it says of sockets of this test is what ss(8) says, and what is so.
import { UnixDatagram, UnixListener, UnixStream } from 'afunix';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { afunix } from '../helpers/command.js';
import { describeWith, programPath } from '../helpers/programs.js';
import { native, Scratch } from '../helpers/scratch.js';

const columns = (line: string): string[] => line.trim().split(/\s+/);

async function table(text: string): Promise<string[][]> {
  await using child = afunix(['list', text]);
  const lines = (await child.succeeds()).trimEnd().split('\n');
  return lines.slice(1).map(columns);
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
      [expect.any(String), 'stream', 'listening', '1', '511', expect.stringMatching(me), '-', path],
    ]);
    expect(await table(name)).toEqual([
      [expect.any(String), 'dgram', 'unconnected', '0', '0', expect.stringMatching(me), '-', name],
    ]);

    await using server = await listener.accept();
    await using _second = await UnixStream.connect(path);
    await client.write('hello');
    const [row = []] = (await table(path)).filter(([, , state]) => state === 'connected');
    expect(row.slice(1, 4)).toEqual(['stream', 'connected', '5']);
    expect(server.bytesReadable).toBe(5);
    const [peer = []] = (await table(`${row[6]} `)).filter(([inode]) => inode === row[6]);
    expect(peer[6]).toBe(row[0]);
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
    const ours = (await table(path)).map(([inode, , state, , , , peer]) => [
      ...[inode, state === 'connected' ? 'ESTAB' : 'LISTEN', peer === '-' ? '0' : peer],
    ]);
    expect(ours.sort()).toEqual(theirs.sort());
    expect(ours).toHaveLength(2);
  }, 60_000);
});
