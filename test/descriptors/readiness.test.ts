// readable() and writable() of a FileDescriptor: any kind that the kernel can watch.
import { openSync } from 'node:fs';
import { FileDescriptor, UnixStream } from 'afunix';
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { openDescriptors } from '../helpers/descriptors.js';
import { describeWith, fromRoot, programPath } from '../helpers/programs.js';
import { onLinux } from '../helpers/raw-sockets.js';

/** Whether the promise is settled after 20 ms. */
async function settles(promise: Promise<unknown>): Promise<boolean> {
  const later = new Promise((resolve) => setTimeout(resolve, 20, 'later'));
  return (await Promise.race([promise, later])) !== 'later';
}

function pair(): [FileDescriptor, FileDescriptor] {
  const [one, other] = UnixStream.pair();
  return [one.detach(), other.detach()];
}

test('readable when bytes are there, and at the end', async () => {
  const [one, other] = pair();
  const before = openDescriptors().size;
  const wait = one.readable();
  expect(await settles(wait)).toBe(false);
  raw.send(other.fd, 'x');
  await wait;
  await one.readable();
  raw.recv(one.fd, Buffer.alloc(9));
  const end = one.readable();
  expect(await settles(end)).toBe(false);
  other.close();
  await end;
  expect(openDescriptors().size).toBe(before - 1);
  one.close();
});

test('writable when there is room', async () => {
  const [one, other] = pair();
  await one.writable();
  const filled = (): number => {
    for (let bytes = 0; ; ) {
      try {
        bytes += raw.send(one.fd, Buffer.alloc(65536));
      } catch {
        return bytes;
      }
    }
  };
  const bytes = filled();
  const waits = [one.writable(), one.writable({ ref: false })];
  expect(await settles(Promise.race(waits))).toBe(false);
  const room = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; ) at += raw.recv(other.fd, room);
  await Promise.all(waits);
  one.close();
  other.close();
});

test.runIf(onLinux).each([
  ['a regular file', FileDescriptor.sealed.bind(FileDescriptor, 'x')],
  ['a directory', () => new FileDescriptor(openSync('/', 'r'))],
  ['/dev/null', () => new FileDescriptor(openSync('/dev/null', 'r'))],
])('EPERM for %s', async (_, open) => {
  using fd = open();
  const before = openDescriptors().size;
  const refused = { code: 'EPERM', syscall: 'epoll_ctl' };
  await expect(fd.readable()).rejects.toMatchObject(refused);
  await expect(fd.writable()).rejects.toThrow('no event tells when');
  expect(openDescriptors().size).toBe(before);
});

describe('a wait ends', () => {
  test.each([
    ['close()', (fd: FileDescriptor) => fd.close()],
    ['detach()', (fd: FileDescriptor) => new FileDescriptor(fd.detach()).close()],
    ['a conversion', (fd: FileDescriptor) => fd.toNetSocket().destroy()],
  ])('with %s', async (_, end) => {
    const [one, other] = pair();
    const before = openDescriptors().size;
    const waits = [one.readable(), one.readable()];
    end(one);
    for (const wait of waits)
      await expect(wait).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
    await expect(one.writable()).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
    await new Promise(setImmediate);
    expect(openDescriptors().size).toBe(before - 1);
    other.close();
  });

  test('with its signal', async () => {
    const [one, other] = pair();
    const aborting = new AbortController();
    const before = openDescriptors().size;
    const wait = one.readable({ signal: aborting.signal });
    expect(openDescriptors().size).toBe(before + 1);
    aborting.abort('enough');
    await expect(wait).rejects.toMatchObject({ code: 'ABORT_ERR', cause: 'enough' });
    expect(openDescriptors().size).toBe(before);
    await expect(one.readable({ signal: aborting.signal })).rejects.toMatchObject({
      code: 'ABORT_ERR',
    });
    one.close();
    other.close();
  });

  test('with its worker', async () => {
    await using child = Child.fixture('waiting-worker.mjs');
    const { before, after } = JSON.parse(await child.succeeds());
    expect(after).toEqual(before);
  });
});

test('wrong arguments', async () => {
  const [one, other] = pair();
  await expect(one.readable({ timeout: 1 } as never)).rejects.toThrow('not an option of readable');
  await expect(one.writable(1 as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  one.close();
  other.close();
});

describe.runIf(onLinux)('descriptors of any kind', () => {
  describeWith('python3', programPath('python3'), (python) => {
    test('are waited for', async () => {
      const [near, far] = UnixStream.pair({ maxFds: 9 });
      const stdio = ['pipe', 'pipe', 'pipe', far.fd] as const;
      await using child = new Child(python, [fromRoot('test/peers/kinds.py')], {
        stdio: [...stdio],
      });
      await far.close();
      const { fds = [] } = (await near.receive()) ?? {};
      for (const [index, name] of ['eventfd', 'timerfd', 'inotify', 'tty'].entries()) {
        const fd = fds[index] as FileDescriptor;
        const wait = fd.readable();
        expect(await settles(wait)).toBe(false);
        child.process.stdin?.write(`${name}\n`);
        await wait;
        fd.close();
      }
      await expect(fds[4]?.readable()).rejects.toMatchObject({ code: 'EPERM' });
      fds[4]?.close();
      child.process.stdin?.end();
      await child.succeeds();
      await near.close();
    });
  });
});
