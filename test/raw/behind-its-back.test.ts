// What a caller does to a socket's descriptor by its number, past the socket.
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { platform } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { FileDescriptor, UnixDatagram, UnixListener, UnixSeqpacket, UnixStream } from 'afunix';
import { createServer } from 'afunix/net';
import { close, constants, dup, getsockname, shutdown } from 'afunix/raw';
import { expect, test } from 'vitest';
import { openFile } from '../helpers/descriptors.js';
import { Scratch } from '../helpers/scratch.js';

const pairs = {
  stream: () => UnixStream.pair(),
  seqpacket: () => UnixSeqpacket.pair(),
  datagram: () => UnixDatagram.pair(),
};

// Nothing tells of it, so what waits goes on waiting. libuv's own handles end the process.
test.skipIf(platform !== 'linux').each(Object.entries(pairs))(
  'a %s descriptor closed in the tick of a pending receive: it waits until the socket is closed',
  async (_name, make) => {
    const [a, b] = make();
    using file = new FileDescriptor(openFile('/dev/null', 'r'));
    const pending = a.receive();
    close(a.fd);
    // The number is a file's now, which the close of the socket closes.
    expect(dup(file.fd)).toBe(a.fd);
    expect(await Promise.race([pending, delay(50, 'waits')])).toBe('waits');
    const other = b.receive();
    await a.close();
    await expect(pending).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
    await b.close();
    await other.catch(() => {});
  },
);

test.skipIf(platform !== 'linux')('a number that became a file is not read', async () => {
  const [a, b] = UnixStream.pair();
  using file = new FileDescriptor(openFile('/dev/null', 'r'));
  const { fd } = a;
  close(fd);
  expect(dup(file.fd)).toBe(fd);
  await expect(a.read()).rejects.toMatchObject({ code: 'ENOTSOCK' });
  await a.close();
  await b.close();
});

/** A socket whose number was closed while `copy` kept it open, and which has learned of it. */
async function closedBehind(): Promise<{ a: UnixStream; b: UnixStream; copy: number }> {
  const [a, b] = UnixStream.pair();
  const pending = a.read();
  await delay(20);
  const copy = dup(a.fd);
  close(a.fd);
  await b.write('never read');
  await expect(pending).rejects.toMatchObject({ code: 'EBADF' });
  return { a, b, copy };
}

/** Another pair of sockets is served by the loop. */
async function isServed(): Promise<void> {
  const [c, d] = UnixStream.pair();
  const other = c.read();
  await delay(20);
  await d.write('served');
  expect((await other)?.toString()).toBe('served');
  await Promise.all([c.close(), d.close()]);
}

// epoll(7) goes on telling of it, and there is no number left to take it out by.
test.skipIf(platform !== 'linux')(
  'closed by its number while another number has the same socket: nothing spins, others are served',
  async () => {
    const { a, b, copy } = await closedBehind();
    const before = process.cpuUsage();
    await delay(300);
    const { user, system } = process.cpuUsage(before);
    expect(user + system).toBeLessThan(100_000);

    await isServed();
    close(copy);
    a.detach().detach();
    await b.close();
  },
);

// The new epoll set could get the number that was closed, and lose it to the socket's own close.
test.skipIf(platform !== 'linux')(
  'closed by its number, and by the socket once more: others are served',
  async () => {
    const { a, b, copy } = await closedBehind();
    await delay(20);
    await a.close();

    await isServed();
    close(copy);
    await b.close();
  },
);

test.skipIf(platform !== 'linux')('a listener whose descriptor is gone', async () => {
  using scratch = new Scratch();
  const listener = await UnixListener.bind(scratch.path('socket'));
  close(listener.fd);
  await expect(listener.accept()).rejects.toMatchObject({ code: 'EBADF' });
  listener.detach().detach();
});

test.skipIf(platform !== 'linux')(
  'a listener shut for reading by whoever shares it: accept rejects, a server says so once',
  async () => {
    using scratch = new Scratch();
    const listener = await UnixListener.bind(scratch.path('listener'));
    const pending = listener.accept();
    shutdown(listener.fd, constants.SHUT_RD as number);
    await expect(pending).rejects.toMatchObject({ syscall: 'accept' });
    await listener.close();

    const server = createServer().listen(scratch.path('server'));
    await once(server, 'listening');
    const codes: unknown[] = [];
    server.on('error', ({ code }: NodeJS.ErrnoException) => codes.push(code));
    const shared = readdirSync('/proc/self/fd')
      .map(Number)
      .filter((fd) => isAt(fd, 'server'));
    for (const fd of shared) shutdown(fd, constants.SHUT_RD as number);
    await delay(100);
    expect(codes).toEqual(['ESHUTDOWN']);
    server.close();
    await once(server, 'close');

    function isAt(fd: number, name: string): boolean {
      try {
        return getsockname(fd).path === scratch.path(name);
      } catch {
        return false;
      }
    }
  },
);

test.skipIf(platform !== 'linux')(
  'a datagram socket shut for reading: the receive that waits rejects, and nothing spins',
  async () => {
    const [a, b] = UnixDatagram.pair();
    await b.send('before');
    expect((await a.receive()).data.toString()).toBe('before');
    const pending = a.receive();
    shutdown(a.fd, constants.SHUT_RD as number);
    await expect(pending).rejects.toMatchObject({ code: 'ESHUTDOWN' });
    await a.send('still sends');
    expect((await b.receive()).data.toString()).toBe('still sends');
    // Told once, not over and over.
    const codes: unknown[] = [];
    b.onMessages(() => expect.unreachable(), {
      onError: (error) => codes.push((error as NodeJS.ErrnoException).code),
    });
    shutdown(b.fd, constants.SHUT_RD as number);
    await delay(250);
    expect(codes).toEqual(['ESHUTDOWN']);
    await a.close();
    await b.close();
  },
);
