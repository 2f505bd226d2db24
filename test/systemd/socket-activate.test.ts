// systemd-socket-activate(1) opens the sockets and starts us when somebody comes.
import { once } from 'node:events';
import net from 'node:net';
import { UnixDatagram, UnixSeqpacket, UnixStream } from 'afunix';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { describeWith, fromRoot, programPath } from '../helpers/programs.js';
import { native, Scratch } from '../helpers/scratch.js';

const service = [process.execPath, fromRoot('test/fixtures/activated.mjs')];

/** What the service says of itself. */
async function passed(child: Child): Promise<unknown> {
  await child.says('\n');
  return JSON.parse(child.stdout);
}

describeWith(
  'systemd-socket-activate',
  programPath('systemd-socket-activate'),
  (activate: string) => {
    const start = async (...args: readonly string[]): Promise<Child> => {
      const child = new Child(activate, args);
      const sockets = args.filter((arg) => arg === '-l').length;
      await child.says(`as ${2 + sockets}.`, 'stderr');
      return child;
    };

    test('stream sockets, by path, abstract name and port, each by its name', async () => {
      using scratch = new Scratch();
      const [path, abstract] = [scratch.address(), scratch.address('abstract')];
      const port = await freePort();
      await using child = await start(
        ...['-l', path, '-l', abstract, '-l', `127.0.0.1:${port}`],
        ...['--fdname=a path:hidden:tcp', ...service],
      );

      expect(await ask(path)).toBe('a path UnixListener hello');
      expect(await ask(native(abstract))).toBe('hidden UnixListener hello');
      const socket = net.connect(port, '127.0.0.1').setEncoding('utf8');
      socket.write('hello');
      expect((await once(socket, 'data'))[0]).toBe('tcp hello');
      socket.destroy();
      expect(await passed(child)).toEqual({
        fds: [
          { name: 'a path', domain: 'unix', type: 'stream', listening: true },
          { name: 'hidden', domain: 'unix', type: 'stream', listening: true },
          { name: 'tcp', domain: 'inet', type: 'stream', listening: true },
        ],
        environment: [],
      });
    });

    test('a stream socket as net.Server', async () => {
      using scratch = new Scratch();
      const path = scratch.address();
      await using _child = await start('-l', path, '--fdname=web', ...service, 'net');

      expect(await ask(path)).toBe('web hello');
      expect(await ask(path)).toBe('web hello');
    });

    test('without names', async () => {
      using scratch = new Scratch();
      const path = scratch.address();
      await using _child = await start('-l', path, ...service);

      expect(await ask(path)).toBe('unknown UnixListener hello');
    });

    test('seqpacket', async () => {
      using scratch = new Scratch();
      const path = scratch.address();
      await using _child = await start('--seqpacket', '-l', path, '--fdname=packets', ...service);
      await using socket = await UnixSeqpacket.connect(path);

      await socket.send('hello');
      const answer = await socket.receive();
      expect(answer?.data.toString()).toBe('packets UnixSeqpacketListener hello');
    });

    test('datagram', async () => {
      using scratch = new Scratch();
      const path = scratch.address();
      await using _child = await start('--datagram', '-l', path, '--fdname=log', ...service);
      await using socket = await UnixDatagram.bind(scratch.address());

      await socket.send('hello', { to: path });
      expect((await socket.receive()).data.toString()).toBe('log UnixDatagram hello');
    });

    test('a process for each connection', async () => {
      using scratch = new Scratch();
      const path = scratch.address();
      await using _child = await start('--accept', '-l', path, '--fdname=one', ...service);

      expect(await ask(path)).toBe('one UnixStream hello');
      expect(await ask(path)).toBe('one UnixStream hello');
    });
  },
);

/** Says hello; what is answered. */
async function ask(address: string): Promise<string | undefined> {
  await using stream = await UnixStream.connect(address);
  await stream.write('hello');
  return (await stream.read())?.toString();
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
