// A descriptor that is not open, or not a socket, is an error of every call; closing twice is EBADF.
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Descriptors, onLinux, thrown } from '../helpers/raw-sockets.js';

checkDescriptors();
const calls: [syscall: string, call: (fd: number) => unknown][] = [
  ['bind', (fd) => raw.bind(fd, '/nowhere/socket')],
  ['connect', (fd) => raw.connect(fd, '/nowhere/socket')],
  ['connect', (fd) => raw.connect(fd, null)],
  ['listen', (fd) => raw.listen(fd)],
  ['accept', (fd) => raw.accept(fd)],
  ['send', (fd) => raw.send(fd, 'x')],
  ['sendto', (fd) => raw.sendto(fd, 'x', '/nowhere/socket')],
  ['sendmsg', (fd) => raw.sendmsg(fd, { data: 'x' })],
  ['sendmsg', (fd) => raw.sendmsg(fd, { rights: [0] })],
  ['sendmmsg', (fd) => raw.sendmmsg(fd, [{ data: 'x' }])],
  ['recv', (fd) => raw.recv(fd, Buffer.alloc(1))],
  ['recvfrom', (fd) => raw.recvfrom(fd, Buffer.alloc(1))],
  ['recvmsg', (fd) => raw.recvmsg(fd, Buffer.alloc(1))],
  ['recvmmsg', (fd) => raw.recvmmsg(fd, [Buffer.alloc(1)])],
  ['shutdown', (fd) => raw.shutdown(fd, raw.SHUT_WR)],
  ['getsockname', (fd) => raw.getsockname(fd)],
  ['getpeername', (fd) => raw.getpeername(fd)],
  ['getsockopt', (fd) => raw.getsockopt(fd, raw.SOL_SOCKET, raw.SO_TYPE)],
  ['setsockopt', (fd) => raw.setsockopt(fd, raw.SOL_SOCKET, raw.SO_SNDBUF, 1)],
];
const anyDescriptor: typeof calls = [
  ['poll', (fd) => raw.poll(fd, raw.POLLIN)],
  ['ioctl', (fd) => raw.ioctl(fd, raw.FIONREAD)],
  ['dup', (fd) => raw.dup(fd)],
  ['fstat', (fd) => raw.fstat(fd)],
  ...(onLinux
    ? ([
        ['fgetxattr', (fd) => raw.fgetxattr(fd, 'user.x')],
        ['fsetxattr', (fd) => raw.fsetxattr(fd, 'user.x', '')],
        ['flistxattr', (fd) => raw.flistxattr(fd)],
        ['fremovexattr', (fd) => raw.fremovexattr(fd, 'user.x')],
      ] as typeof calls)
    : []),
  ['close', (fd) => raw.close(fd)],
];

describe.each([...calls, ...anyDescriptor])('%s', (syscall, call) => {
  test('not open: EBADF', () => {
    const [fd, other] = raw.socketpair(raw.AF_UNIX, raw.SOCK_STREAM);
    raw.close(fd);
    raw.close(other);
    expect(thrown(() => call(fd))).toMatchObject({ code: 'EBADF', errno: -9, syscall });
  });
});

test.each(calls)('%s of a file: ENOTSOCK', (syscall, call) => {
  using fds = new Descriptors();
  const file = fds.file();
  expect(thrown(() => call(file))).toMatchObject({ code: 'ENOTSOCK', syscall });
});
