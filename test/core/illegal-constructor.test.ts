// Classes that only factories make say so, and which: a `new` of one would have no descriptor.
import * as afunix from 'afunix';
import { UnixAddress, UnixListener, UnixStream } from 'afunix';
import { ListenFd } from 'afunix/systemd';
import { expect, test } from 'vitest';
import { thrown } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

type Class = new (...args: unknown[]) => object;

const factories: [name: string, factory: RegExp][] = [
  ['UnixStream', /use UnixStream\.connect\(\), UnixStream\.pair\(\) or UnixStream\.fromFd\(\)$/],
  ['UnixSeqpacket', /use UnixSeqpacket\.connect\(\), .* UnixSeqpacket\.fromFd\(\)$/],
  ['UnixDatagram', /use UnixDatagram\.bind\(\), unbound\(\), pair\(\) or fromFd\(\)$/],
  ['UnixListener', /use UnixListener\.bind\(\) or UnixListener\.fromFd\(\)$/],
  ['UnixSeqpacketListener', /use UnixSeqpacketListener\.bind\(\) or /],
  ['UnixAddress', /use UnixAddress\.from\(\), /],
  ['Message', /use receive\(\) of a socket$/],
  ['Datagram', /use receive\(\) of a UnixDatagram$/],
  ['MemoryMap', /use map\(\) of a FileDescriptor$/],
  ['Peer', /authorize/],
  ['PidFd', /peerPidFd\(\)/],
  ['ListenFd', /use listenFds\(\)$/],
];
const classes: Record<string, unknown> = { ...afunix, ListenFd };

test('every class is in the table, or is one to be constructed', () => {
  const names = Object.keys(classes).filter((name) => /^[A-Z]/.test(name));
  expect(names.sort()).toEqual([...factories.map(([name]) => name), 'FileDescriptor'].sort());
});

test.each(factories)('new %s()', (name, factory) => {
  const Illegal = classes[name] as Class;
  class Mine extends Illegal {}
  const wrong: unknown[][] = [[], [3], ['/run/app.sock'], [{}], [Symbol('afunix.constructing'), 3]];
  for (const args of wrong) {
    for (const Construct of [Illegal, Mine]) {
      const error = thrown(() => new Construct(...args));
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({
        code: 'ERR_ILLEGAL_CONSTRUCTOR',
        message: expect.stringMatching(factory),
      });
    }
  }
});

test('no own property gives the key away', async () => {
  using scratch = new Scratch();
  await using listener = await UnixListener.bind(scratch.path());
  await using stream = await UnixStream.connect(scratch.path());
  for (const made of [listener, stream, UnixAddress.from('/x'), UnixStream, UnixAddress]) {
    const values = Reflect.ownKeys(made).map((key) => Reflect.get(made, key) as unknown);
    expect(values.filter((value) => typeof value === 'symbol')).toEqual([]);
  }
});
