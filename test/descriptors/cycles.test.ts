// Sockets sent through themselves and through each other, and then dropped: nobody can receive them
// any more, and the kernel collects them.
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { type FileDescriptor, UnixDatagram, UnixListener, UnixStream } from 'afunix';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { onLinux } from '../helpers/raw-sockets.js';

checkDescriptors();
const name = (text: string): string => `afunix-cycle-${process.pid}-${text}`;

/** Sockets whose abstract name holds `text`, in this and every process. */
const alive = (text: string): number =>
  readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .filter((line) => line.includes(name(text))).length;

/** The kernel collects when a socket is closed, a little later. */
async function collected(text: string): Promise<void> {
  for (let i = 0; i < 200 && alive(text) > 0; i++) {
    const [first, second] = UnixStream.pair();
    await first.close();
    await second.close();
    await setTimeout(20);
  }
  expect(alive(text)).toBe(0);
}

test.runIf(onLinux)('through itself', async () => {
  const socket = await UnixDatagram.bind(`\0${name('self')}`, { maxFds: 1 });
  socket.connect(`\0${name('self')}`);
  for (let i = 0; i < 5; i++) await socket.send('x', { fds: [socket] });
  await socket.close();
  await collected('self');
});

test.runIf(onLinux)('through each other', async () => {
  const [a, b] = await Promise.all(
    ['pair-a', 'pair-b'].map((text) => UnixDatagram.bind(`\0${name(text)}`, { maxFds: 2 })),
  );
  await a?.send('x', { to: `\0${name('pair-b')}`, fds: [a, b as UnixDatagram] });
  await b?.send('x', { to: `\0${name('pair-a')}`, fds: [a as UnixDatagram, b] });
  await a?.close();
  await b?.close();
  await collected('pair');
});

test.runIf(onLinux)('a listener through a connection that it never accepted', async () => {
  const listener = await UnixListener.bind(`\0${name('listener')}`, { maxFds: 1 });
  const client = await UnixStream.connect(`\0${name('listener')}`);
  await client.write('x', { fds: [listener] });
  await client.close();
  await listener.close();
  await collected('listener');
});

test.runIf(onLinux)('while one of them is open, none is collected', async () => {
  const [a, b] = await Promise.all(
    ['open-a', 'open-b'].map((text) => UnixDatagram.bind(`\0${name(text)}`, { maxFds: 1 })),
  );
  await a?.send('x', { to: `\0${name('open-b')}`, fds: [a] });
  await a?.close();
  const [first, second] = UnixStream.pair();
  await first.close();
  await second.close();
  await setTimeout(50);
  const message = await b?.receive();
  const again = UnixDatagram.fromFd(message?.fds[0] as FileDescriptor);
  expect(String(again.localAddress)).toBe(`@${name('open-a')}`);
  await again.close();
  await b?.close();
  await collected('open');
});
