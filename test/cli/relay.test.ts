// `relay`: what goes in at one address comes out at the other, with all that belongs to it.
import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import {
  type FileDescriptor,
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import { SHUT_WR, shutdown } from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { listening } from '../helpers/command.js';
import { contentsOf } from '../helpers/descriptors.js';
import { asModule, describeWith, programPath } from '../helpers/programs.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

const kinds = [
  { type: 'stream', Listener: UnixListener, Client: UnixStream },
  ...(hasSeqpacket
    ? [{ type: 'seqpacket', Listener: UnixSeqpacketListener, Client: UnixSeqpacket }]
    : []),
] as const;
const send = (socket: UnixStream | UnixSeqpacket, data: string, options = {}): Promise<void> =>
  socket instanceof UnixStream ? socket.write(data, options) : socket.send(data, options);
const root = process.getuid?.() === 0;
const onLinux = process.platform === 'linux';
/** How a log names this process, where messages have credentials. */
const us = onLinux ? ` from process ${process.pid} .*` : '';

function relay(scratch: Scratch, type: string, ...args: readonly string[]): Promise<Child> {
  return listening(['relay', '-t', type, ...args, scratch.path('front'), scratch.path('back')]);
}

describe.each(kinds)('$type', ({ type, Listener, Client }) => {
  test('many clients, each with both directions, and their ends', async () => {
    using scratch = new Scratch();
    await using listener = await Listener.bind(scratch.path('back'));
    await using child = await relay(scratch, type);
    const serve = async (): Promise<void> => {
      await using socket = await listener.accept();
      const name = `${(await socket.receive())?.data}`;
      expect(await socket.receive()).toBe(null);
      await send(socket, `hello ${name}`);
    };
    const ask = async (name: string): Promise<string> => {
      await using client = await Client.connect(scratch.path('front'));
      await send(client, name);
      shutdown(client.fd, SHUT_WR);
      const answer = `${(await client.receive())?.data}`;
      expect(await client.receive()).toBe(null);
      return answer;
    };
    const names = Array.from({ length: 20 }, (_, i) => `client ${i}`);
    const [answers] = await Promise.all([
      Promise.all(names.map(ask)),
      Promise.all(names.map(serve)),
    ]);
    expect(answers).toEqual(names.map((name) => `hello ${name}`));
    expect(child.process.exitCode).toBe(null);
  });

  test('descriptors, and credentials if this is root', async () => {
    using scratch = new Scratch();
    writeFileSync(scratch.path('file'), 'contents');
    const options = { maxFds: 4, credentials: onLinux };
    await using listener = await Listener.bind(scratch.path('back'), options);
    await using child = await relay(scratch, type);
    await using client = new Child(process.execPath, [
      ...asModule,
      `import { openSync } from 'node:fs';
      import { ${Client.name} } from 'afunix';
      const client = await ${Client.name}.connect(${JSON.stringify(scratch.path('front'))});
      const fds = [openSync(${JSON.stringify(scratch.path('file'))})];
      await client.${type === 'stream' ? 'write' : 'send'}('hi', { fds });
      process.stdin.resume();`,
    ]);
    await using server = await listener.accept();
    const message = await server.receive();
    expect(`${message?.data}`).toBe('hi');
    using fd = message?.fds[0];
    expect(contentsOf(fd as FileDescriptor)).toHaveLength(8);
    if (root && onLinux) expect(message?.credentials?.pid).toBe(client.pid);
    expect(child.stderr.includes('not passed on')).toBe(!root && onLinux);
  });

  test('descriptors from the server to the client', async () => {
    using scratch = new Scratch();
    writeFileSync(scratch.path('file'), 'contents');
    await using listener = await Listener.bind(scratch.path('back'));
    await using _child = await relay(scratch, type);
    await using client = await Client.connect(scratch.path('front'), { maxFds: 4 });
    await using server = await listener.accept();
    await using file = await open(scratch.path('file'));
    await send(server, 'take it', { fds: [file] });
    const message = await client.receive();
    expect(`${message?.data}`).toBe('take it');
    using fd = message?.fds[0];
    expect(contentsOf(fd as FileDescriptor)).toHaveLength(8);
  });

  test('a server that is gone takes its client along', async () => {
    using scratch = new Scratch();
    await using listener = await Listener.bind(scratch.path('back'));
    await using _child = await relay(scratch, type);
    await using client = await Client.connect(scratch.path('front'));
    await (await listener.accept()).close();

    expect(await client.receive()).toBe(null);
    const error = await (async () => {
      for (;;) await send(client, 'hello');
    })().catch((reason) => reason.code);
    expect(['EPIPE', 'ECONNRESET']).toContain(error); // the latter if the relay had bytes unread
  });
});

test('dgram: each sender is answered, at an address of its own', async () => {
  using scratch = new Scratch();
  await using server = await UnixDatagram.bind(scratch.path('back'));
  await using child = await relay(scratch, 'dgram');
  const clients = [1, 2, 3].map((i) => UnixDatagram.bind(scratch.path(`client-${i}`)));
  const names = await Promise.all(
    clients.map(async (binding, i) => {
      await using client = await binding;
      await client.send(`client ${i}`, { to: scratch.path('front') });
      const { data, from } = await server.receive();
      await server.send(`hello ${data}`, { to: from });
      expect((await client.receive()).from.path).toBe(scratch.path('front'));
      return from.toString();
    }),
  );
  expect(new Set(names).size).toBe(3);
  await child.says('front', 'stderr');
});

test('dgram: descriptors both ways, and credentials if this is root', async () => {
  using scratch = new Scratch();
  writeFileSync(scratch.path('file'), 'contents');
  const options = { maxFds: 4, credentials: onLinux };
  await using server = await UnixDatagram.bind(scratch.path('back'), options);
  await using child = await relay(scratch, 'dgram');
  await using client = await UnixDatagram.bind(scratch.path('client'), options);
  await using file = await open(scratch.path('file'));

  await client.send('there', { to: scratch.path('front'), fds: [file] });
  const there = await server.receive();
  using sent = there.fds[0];
  expect(contentsOf(sent as FileDescriptor)).toHaveLength(8);
  await server.send('back', { to: there.from, fds: [file] });
  const back = await client.receive();
  using answered = back.fds[0];
  expect(contentsOf(answered as FileDescriptor)).toHaveLength(8);
  if (!onLinux) return;
  const pid = root ? process.pid : child.pid;
  expect([there.credentials?.pid, back.credentials?.pid]).toEqual([pid, pid]);
});

test('dgram, nobody at the other side: what was sent is lost, and the next is not', async () => {
  using scratch = new Scratch();
  await using child = await relay(scratch, 'dgram', '--log', 'json');
  await using client = UnixDatagram.unbound();
  await client.send('lost', { to: scratch.path('front') });
  await child.says('ENOENT');
  const server = await UnixDatagram.bind(scratch.path('back'));
  await client.send('next', { to: scratch.path('front') });
  expect(`${(await server.receive()).data}`).toBe('next');
  await server.close();
  await client.send('lost, too', { to: scratch.path('front') });
  await child.says('ECONNREFUSED');
});

test('nobody at the other side: the client is refused, and the next one served', async () => {
  using scratch = new Scratch();
  await using child = await relay(scratch, 'stream');
  await using client = await UnixStream.connect(scratch.path('front'));
  expect(await client.read()).toBe(null);
  await child.says('ENOENT', 'stderr');

  await using listener = await UnixListener.bind(scratch.path('back'));
  await using next = await UnixStream.connect(scratch.path('front'));
  await using server = await listener.accept();
  await next.write('hi');
  expect(`${await server.read()}`).toBe('hi');
});

describe('--log', () => {
  test.each([
    ['text', new RegExp(`^\\S+Z #1 > 3 bytes "hi\\\\n" \\[file, 0 bytes, .*\\]${us}$`, 'm')],
    ['hex', new RegExp(`^\\S+Z #1 > 3 bytes 68 69 0a \\[file, 0 bytes, .*\\]${us}$`, 'm')],
    [
      'json',
      /^\{"time":".*","connection":"#1","direction":"out","size":3,"data":"hi\\n","fds":\[\{"kind":"file","size":0/m,
    ],
  ])('%s', async (format, line) => {
    using scratch = new Scratch();
    writeFileSync(scratch.path('file'), '');
    await using listener = await UnixListener.bind(scratch.path('back'), { maxFds: 1 });
    await using child = await relay(scratch, 'stream', '--log', format);
    await using client = await UnixStream.connect(scratch.path('front'));
    await using server = await listener.accept();
    await using file = await open(scratch.path('file'));
    await client.write('hi\n', { fds: [file] });
    const message = await server.receive();
    expect(`${message?.data}`).toBe('hi\n');
    using _fd = message?.fds[0];
    await server.write('yes');
    expect(`${await client.read()}`).toBe('yes');
    await client.close();
    await child.says('closed');

    expect(child.stdout).toMatch(line);
    if (format !== 'json') return;
    const records = child.stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(records[0]).toMatchObject({ event: 'connected', peer: { pid: process.pid } });
    expect(records.at(-1)).toMatchObject({ event: 'closed' });
    expect(records).toContainEqual(expect.objectContaining({ direction: 'in', data: 'yes' }));
  });

  test('what would harm a terminal is escaped', async () => {
    using scratch = new Scratch();
    await using _server = await UnixDatagram.bind(scratch.path('back'));
    await using child = await relay(scratch, 'dgram', '--log', 'text');
    await using client = UnixDatagram.unbound();
    await client.send(Buffer.from('\x1b[2J\u009b\xff', 'latin1'), { to: scratch.path('front') });
    await child.says('bytes');
    expect(child.stdout).toContain('"\\u001b[2J');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be there
    expect(child.stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  });
});

describeWith('socat', programPath('socat'), (socat) => {
  test('between a client and a server that nobody here wrote', async () => {
    using scratch = new Scratch();
    await using server = new Child(socat, [`UNIX-LISTEN:${scratch.path('back')}`, 'EXEC:cat']);
    await using _child = await listening([
      ...['relay', '--wait', scratch.path('front'), scratch.path('back')],
    ]);
    await using client = new Child(socat, ['-', `UNIX-CONNECT:${scratch.path('front')}`]);
    client.process.stdin?.end('echo');
    expect(await client.succeeds()).toBe('echo');
    await server.succeeds();
  });
});
