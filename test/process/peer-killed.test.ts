// A peer that is killed in the middle of an exchange: what is awaited settles, this process lives.
import { once } from 'node:events';
import { UnixDatagram, UnixListener, UnixSeqpacket, UnixStream } from 'afunix';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { asModule } from '../helpers/programs.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

async function server(type: string, path: string, ...more: string[]): Promise<Child> {
  const child = Child.fixture('echo-server.mjs', [type, path, ...more]);
  await child.says('ready');
  return child;
}

test('stream: a pending read ends', async () => {
  using scratch = new Scratch();
  await using child = await server('stream', scratch.path());
  await using stream = await UnixStream.connect(scratch.path());
  await stream.write('hello');
  expect((await stream.read())?.toString()).toBe('hello');

  const reading = stream.read();
  child.kill();

  expect(await reading).toBeNull();
  await expect(stream.write('anybody?')).rejects.toMatchObject({ code: 'EPIPE' });
});

test('stream: a pending write fails', async () => {
  using scratch = new Scratch();
  await using child = await server('stream', scratch.path(), 'deaf');
  await using stream = await UnixStream.connect(scratch.path());
  await child.says('accepted');

  const writing = stream.write(Buffer.alloc(4_000_000));
  child.kill();

  await expect(writing).rejects.toMatchObject({ code: expect.stringMatching(/EPIPE|ECONNRESET/) });
});

test.skipIf(!hasSeqpacket)('seqpacket: a pending receive ends', async () => {
  using scratch = new Scratch();
  await using child = await server('seqpacket', scratch.path());
  await using socket = await UnixSeqpacket.connect(scratch.path());
  await socket.send('hello');
  expect((await socket.receive())?.data.toString()).toBe('hello');

  const receiving = socket.receive();
  child.kill();

  expect(await receiving).toBeNull();
  await expect(socket.send('anybody?')).rejects.toMatchObject({ code: 'EPIPE' });
});

test('datagram: the next send is refused, and the socket can serve others', async () => {
  using scratch = new Scratch();
  await using child = await server('datagram', scratch.path());
  await using socket = await UnixDatagram.bind(scratch.path('own'));
  socket.connect(scratch.path());
  await socket.send('hello');
  expect((await socket.receive()).data.toString()).toBe('hello');

  child.kill();
  await child.ended;
  await expect(socket.send('anybody?')).rejects.toMatchObject({ code: 'ECONNREFUSED' });

  await using other = await UnixDatagram.bind(scratch.path('other'));
  socket.connect(scratch.path('other'));
  await socket.send('hello again');
  expect((await other.receive()).data.toString()).toBe('hello again');
});

test('stream: its path is stale, and a new listener takes it', async () => {
  using scratch = new Scratch();
  await using child = await server('stream', scratch.path());
  child.kill();
  await child.ended;

  await expect(UnixStream.connect(scratch.path())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await expect(UnixListener.bind(scratch.path())).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await using listener = await UnixListener.bind(scratch.path(), { replace: 'stale' });
  await using stream = await UnixStream.connect(scratch.path());
  await using accepted = await listener.accept();
  await stream.write('alive');
  expect((await accepted.read())?.toString()).toBe('alive');
});

test('listener: a client that is killed before it is accepted takes nothing with it', async () => {
  using scratch = new Scratch();
  await using listener = await UnixListener.bind(scratch.path());
  const connect = `
    const { UnixStream } = await import('afunix');
    const stream = await UnixStream.connect(process.argv.at(-1));
    await stream.write('last words');
    process.kill(process.pid, 'SIGKILL');`;
  await using child = new Child(process.execPath, [...asModule, connect, scratch.path()]);
  await once(child.process, 'close');
  expect(child.process.signalCode).toBe('SIGKILL');

  await using stream = await listener.accept();
  expect((await stream.read())?.toString()).toBe('last words');
  expect(await stream.read()).toBeNull();
});
