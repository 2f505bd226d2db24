// Wrong arguments are TypeError and RangeError with a code, before any system call.
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors, openDescriptors } from '../helpers/descriptors.js';
import { Descriptors, receive, thrown } from '../helpers/raw-sockets.js';

checkDescriptors();
type Call = (...args: unknown[]) => unknown;
const calls = raw as unknown as Record<string, Call>;
const call = (name: string, ...args: unknown[]): unknown => (calls[name] as Call)(...args);
const TYPE = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
const VALUE = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' };
const RANGE = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };
const buffer = Buffer.alloc(1);

/** Each call with right arguments after the descriptor. */
const right: [name: string, ...args: unknown[]][] = [
  ['bind', '/nowhere'],
  ['connect', '/nowhere'],
  ['listen'],
  ['accept'],
  ['send', 'x'],
  ['sendto', 'x', '/nowhere'],
  ['sendmsg', { data: 'x' }],
  ['sendmmsg', [{ data: 'x' }]],
  ['recv', buffer],
  ['recvfrom', buffer],
  ['recvmsg', buffer],
  ['recvmmsg', [buffer]],
  ['shutdown', raw.SHUT_WR],
  ['getsockname'],
  ['getpeername'],
  ['getsockopt', raw.SOL_SOCKET, raw.SO_TYPE],
  ['setsockopt', raw.SOL_SOCKET, raw.SO_SNDBUF, 1],
  ['close'],
  ['dup'],
  ['poll', raw.POLLIN],
  ['ioctl', raw.FIONREAD],
  ['fstat'],
  ['fgetxattr', 'user.x'],
  ['fsetxattr', 'user.x', ''],
  ['flistxattr'],
  ['fremovexattr', 'user.x'],
];

test('every call is in the list below', () => {
  const functions = Object.keys(raw).filter(
    (name) => /^[a-z]+$/.test(name) && name !== 'constants',
  );
  expect(functions.sort()).toEqual([...right.map(([name]) => name), 'socket', 'socketpair'].sort());
});

describe.each(right)('%s', (name, ...args) => {
  test.each([
    [undefined, TYPE],
    [null, TYPE],
    ['1', TYPE],
    [1n, TYPE],
    [{ fd: 1 }, TYPE],
    [Symbol('fd'), TYPE],
    [-1, RANGE],
    [1.5, RANGE],
    [Number.NaN, RANGE],
    [Number.POSITIVE_INFINITY, RANGE],
    [2 ** 31, RANGE],
    [2 ** 32, RANGE],
  ])('descriptor %s', (fd, expected) => {
    expect(thrown(() => call(name, fd, ...args))).toMatchObject(expected);
  });
});

test.each([
  ['bind', [1], TYPE],
  ['bind', [undefined], TYPE],
  ['bind', [''], VALUE],
  ['bind', [Buffer.alloc(0)], VALUE],
  ['connect', [undefined], TYPE],
  ['connect', [{}], TYPE],
  ['connect', [''], VALUE],
  ['listen', ['1'], TYPE],
  ['listen', [-1], RANGE],
  ['listen', [2 ** 31], RANGE],
  ['accept', [1], TYPE],
  ['accept', [null], TYPE],
  ['accept', [{ blocking: 1 }], TYPE],
  ['accept', [{ inheritable: 'no' }], TYPE],
  ['send', [undefined], TYPE],
  ['send', [1], TYPE],
  ['send', [[1]], TYPE],
  ['send', [new ArrayBuffer(1)], TYPE],
  ['send', ['x', '0'], TYPE],
  ['send', ['x', 0.5], RANGE],
  ['send', ['x', 2 ** 31], RANGE],
  ['sendto', ['x'], TYPE],
  ['sendto', ['x', 0], TYPE],
  ['sendto', ['x', 0, null], TYPE],
  ['sendto', ['x', '/nowhere', '/nowhere'], TYPE],
  ['sendto', ['x', 0, ''], VALUE],
  ['sendmsg', [undefined], TYPE],
  ['sendmsg', ['x'], TYPE],
  ['sendmsg', [Buffer.from('x')], TYPE],
  ['sendmsg', [{ data: 1 }], TYPE],
  ['sendmsg', [{ buffers: 'x' }], TYPE],
  ['sendmsg', [{ buffers: [1] }], TYPE],
  ['sendmsg', [{ buffers: Array(2) }], TYPE],
  ['sendmsg', [{ data: 'x', buffers: ['x'] }], VALUE],
  ['sendmsg', [{ data: 'x', address: 1 }], TYPE],
  ['sendmsg', [{ data: 'x', rights: 1 }], TYPE],
  ['sendmsg', [{ data: 'x', rights: ['1'] }], TYPE],
  ['sendmsg', [{ data: 'x', rights: Array(2) }], TYPE],
  ['sendmsg', [{ data: 'x', rights: [-1] }], RANGE],
  ['sendmsg', [{ data: 'x', credentials: 1 }], TYPE],
  ['sendmsg', [{ data: 'x', credentials: {} }], TYPE],
  ['sendmsg', [{ data: 'x', credentials: { pid: -1, uid: 0, gid: 0 } }], RANGE],
  ['sendmsg', [{ data: 'x', credentials: { pid: 1, uid: 2 ** 32, gid: 0 } }], RANGE],
  ['sendmsg', [{ data: 'x' }, '0'], TYPE],
  ['sendmmsg', [undefined], TYPE],
  ['sendmmsg', [{ data: 'x' }], TYPE],
  ['sendmmsg', [[{ data: 'x' }, undefined]], TYPE],
  ['sendmmsg', [[{ data: 'x' }, { data: 1 }]], TYPE],
  ['sendmmsg', [Array(2)], TYPE],
  ['sendmmsg', [[{ data: 'x' }], {}], TYPE],
  ['recv', [undefined], TYPE],
  ['recv', ['room'], TYPE],
  ['recv', [10], TYPE],
  ['recv', [buffer, null], TYPE],
  ['recvfrom', ['room'], TYPE],
  ['recvmsg', [undefined], TYPE],
  ['recvmsg', [null], TYPE],
  ['recvmsg', [{}], TYPE],
  ['recvmsg', [['room']], TYPE],
  ['recvmsg', [[undefined]], TYPE],
  ['recvmsg', [{ buffers: buffer, controlLength: '0' }], TYPE],
  ['recvmsg', [{ buffers: buffer, controlLength: -1 }], RANGE],
  ['recvmsg', [{ buffers: buffer, controlLength: 2049 }], RANGE],
  ['recvmmsg', [buffer], TYPE],
  ['recvmmsg', [[buffer, 'room']], TYPE],
  ['recvmmsg', [Array(2)], TYPE],
  ['recvmmsg', [[buffer], 0, 1], TYPE],
  ['recvmmsg', [[buffer], 0, { controlLength: 2049 }], RANGE],
  ['shutdown', [undefined], TYPE],
  ['getsockopt', [undefined, 1], TYPE],
  ['getsockopt', [1, '1'], TYPE],
  ['getsockopt', [1, 3, '4'], TYPE],
  ['getsockopt', [1, 3, -1], RANGE],
  ['getsockopt', [1, 3, 2 ** 30], RANGE],
  ['setsockopt', [1, 7, undefined], TYPE],
  ['setsockopt', [1, 7, '1'], TYPE],
  ['setsockopt', [1, 7, null], TYPE],
  ['setsockopt', [1, 7, 1.5], RANGE],
  ['setsockopt', [1, 7, 2 ** 32], RANGE],
  ['poll', [undefined], TYPE],
  ['poll', [-1], RANGE],
  ['poll', [2 ** 15], RANGE],
  ['ioctl', [undefined], TYPE],
  ['ioctl', [-1], RANGE],
  ['ioctl', [2 ** 32], RANGE],
  ['ioctl', [1, '1'], TYPE],
] as [string, unknown[], object][])('%s(fd, ...%j)', (name, args, expected) => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_STREAM);
  expect(thrown(() => call(name, first, ...args))).toMatchObject(expected);
  expect(thrown(() => receive(second))).toMatchObject({ code: 'EAGAIN' });
});

test.each([
  ['socket', []],
  ['socket', ['AF_UNIX', 1]],
  ['socket', [1, '1']],
  ['socket', [1, 1, '0']],
  ['socket', [1, 1, 0, 'options']],
  ['socketpair', [1]],
  ['socketpair', [1, 1, 0, { blocking: null }]],
])('%s(...%j)', (name, args) => {
  const before = openDescriptors();
  expect(thrown(() => call(name, ...args))).toMatchObject(TYPE);
  expect(openDescriptors()).toEqual(before);
});

test('numbers that the system does not know are its own errors', () => {
  expect(thrown(() => raw.socket(raw.AF_UNIX, 99))).toMatchObject({ syscall: 'socket' });
  expect(thrown(() => raw.socket(9999, raw.SOCK_STREAM))).toMatchObject({ code: 'EAFNOSUPPORT' });
  expect(thrown(() => raw.socketpair(raw.AF_UNIX, raw.SOCK_STREAM, 99))).toMatchObject({
    code: 'EPROTONOSUPPORT',
    syscall: 'socketpair',
  });
});
