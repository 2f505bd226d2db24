// `flags` says how a descriptor was opened, whoever opened it.
import { constants, openSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { FileDescriptor, PidFd, UnixStream } from 'afunix';
import { close } from 'afunix/raw';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { checkDescriptors } from '../helpers/descriptors.js';
import { onLinux } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

const { O_APPEND, O_CREAT, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;
/** Those that every system keeps. */
const KEPT = O_RDONLY | O_WRONLY | O_RDWR | O_APPEND | O_NONBLOCK;

test.each([
  ['to read', O_RDONLY, O_RDONLY],
  ['to write', O_WRONLY | O_CREAT, O_WRONLY],
  ['to append', O_RDWR | O_APPEND | O_CREAT, O_RDWR | O_APPEND],
  ['not to wait', O_RDONLY | O_NONBLOCK, O_RDONLY | O_NONBLOCK],
])('a file that another process has opened %s', async (_, opened, expected) => {
  using scratch = new Scratch();
  const [one, other] = UnixStream.pair({ maxFds: 1 });
  {
    using file = new FileDescriptor(openSync(scratch.path(), opened | O_CREAT, 0o600));
    await one.write('x', { fds: [file] });
  }
  using fd = (await other.receive())?.fds[0] as FileDescriptor;
  expect(fd.flags & KEPT).toBe(expected);
  await one.close();
  await other.close();
});

test('a socket is non-blocking, also for who had it before', async () => {
  const [one, other] = UnixStream.pair();
  using fd = one.detach();
  expect(fd.flags & KEPT).toBe(O_RDWR | O_NONBLOCK);
  await other.close();
});

test.runIf(onLinux)('a change by who has a duplicate is seen', async () => {
  using scratch = new Scratch();
  using fd = new FileDescriptor(openSync(scratch.path(), 'w+'));
  expect(fd.flags & O_APPEND).toBe(0);
  const code = 'import fcntl, os; fcntl.fcntl(0, fcntl.F_SETFL, os.O_APPEND)';
  await using child = new Child('python3', ['-c', code], { stdio: [fd.fd, 'pipe', 'pipe'] });
  await child.succeeds();
  expect(fd.flags & O_APPEND).toBe(O_APPEND);
});

test.runIf(onLinux)('what has no file', async () => {
  const [one, other] = UnixStream.pair({ maxFds: 1 });
  using pidfd = PidFd.open(process.pid);
  await one.write('x', { fds: [pidfd] });
  using fd = (await other.receive())?.fds[0] as FileDescriptor;
  expect([fd.kind, fd.flags & KEPT]).toEqual(['anonymous', O_RDWR]);
  await one.close();
  await other.close();
});

test('closed: ERR_SOCKET_CLOSED; closed by its number: EBADF', () => {
  const fd = new FileDescriptor(openSync('/dev/null', 'r'));
  close(fd.fd);
  expect(() => fd.flags).toThrow(expect.objectContaining({ code: 'EBADF', syscall: 'fcntl' }));
  fd.close();
  expect(() => fd.flags).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_CLOSED' }));
});

test('in a worker', async () => {
  const code = `(async () => {
    const { FileDescriptor } = await import('afunix');
    const fd = new FileDescriptor(require('node:fs').openSync('/dev/null', 'w'));
    require('node:worker_threads').parentPort.postMessage(fd.flags);
    fd.close();
  })()`;
  let flags = 0;
  await new Promise((resolve, reject) => {
    const worker = new Worker(code, { eval: true }).on('error', reject).on('exit', resolve);
    worker.on('message', (value: number) => {
      flags = value;
    });
  });
  expect(flags & KEPT).toBe(O_WRONLY);
});
