// Extended attributes by descriptor: of files, and of sockets where the kernel has them (Linux 7.1).

import { openSync, writeFileSync } from 'node:fs';
import { features, UnixStream } from 'afunix';
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Descriptors, everyType, onLinux } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

function fileIn(scratch: Scratch, fds: Descriptors): number {
  writeFileSync(scratch.path('file'), 'x');
  return fds.own(openSync(scratch.path('file'), 'r+'));
}

/** Whether the file system of temporary files takes attributes: some have none. */
function filesTakeAttributes(): boolean {
  using scratch = new Scratch();
  using fds = new Descriptors();
  try {
    raw.fsetxattr(fileIn(scratch, fds), 'user.x', '');
    return true;
  } catch (error) {
    return (error as { code: string }).code !== 'EOPNOTSUPP';
  }
}

describe.runIf(onLinux && filesTakeAttributes())('of a file', () => {
  test('set, read, listed, replaced, removed', () => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    const fd = fileIn(scratch, fds);
    raw.fsetxattr(fd, 'user.one', 'hällo');
    raw.fsetxattr(fd, 'user.two', Uint8Array.of(0, 255), raw.XATTR_CREATE);
    raw.fsetxattr(fd, 'user.none', '');
    expect(raw.fgetxattr(fd, 'user.one').toString()).toBe('hällo');
    expect([...raw.fgetxattr(fd, 'user.two')]).toEqual([0, 255]);
    expect(raw.fgetxattr(fd, 'user.none').length).toBe(0);
    expect(raw.flistxattr(fd).sort()).toEqual(['user.none', 'user.one', 'user.two']);

    raw.fsetxattr(fd, 'user.one', 'x', raw.XATTR_REPLACE);
    expect(raw.fgetxattr(fd, 'user.one').toString()).toBe('x');
    raw.fremovexattr(fd, 'user.one');
    raw.fremovexattr(fd, 'user.two');
    raw.fremovexattr(fd, 'user.none');
    expect(raw.flistxattr(fd)).toEqual([]);
  });

  test("the value is the caller's", () => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    const fd = fileIn(scratch, fds);
    raw.fsetxattr(fd, 'user.one', 'abc');
    const value = raw.fgetxattr(fd, 'user.one');
    const again = raw.fgetxattr(fd, 'user.one');
    value.fill(0);
    expect(String(again)).toBe('abc');
    expect(String(raw.fgetxattr(fd, 'user.one'))).toBe('abc');
  });

  test('errors of the kernel', () => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    const fd = fileIn(scratch, fds);
    const read = fds.own(openSync(scratch.path('file'), 'r'));
    raw.fsetxattr(fd, 'user.there', 'x');
    for (const [call, syscall, code] of [
      [() => raw.fgetxattr(fd, 'user.none'), 'fgetxattr', 'ENODATA'],
      [() => raw.fremovexattr(fd, 'user.none'), 'fremovexattr', 'ENODATA'],
      [() => raw.fsetxattr(fd, 'user.none', '', raw.XATTR_REPLACE), 'fsetxattr', 'ENODATA'],
      [() => raw.fsetxattr(fd, 'user.there', '', raw.XATTR_CREATE), 'fsetxattr', 'EEXIST'],
      [() => raw.fsetxattr(fd, 'user.there', '', 4), 'fsetxattr', 'EINVAL'],
      [() => raw.fsetxattr(fd, 'nobodys', ''), 'fsetxattr', 'EOPNOTSUPP'],
      [() => raw.fgetxattr(1_000_000, 'user.x'), 'fgetxattr', 'EBADF'],
      [() => raw.fsetxattr(1_000_000, 'user.x', ''), 'fsetxattr', 'EBADF'],
      [() => raw.flistxattr(1_000_000), 'flistxattr', 'EBADF'],
      [() => raw.fremovexattr(1_000_000, 'user.x'), 'fremovexattr', 'EBADF'],
    ] as const) {
      expect(call).toThrow(expect.objectContaining({ code, syscall }));
    }
    // A descriptor that is open to read is enough, as for fchmod(2).
    raw.fsetxattr(read, 'user.there', 'y');
    expect(raw.fgetxattr(fd, 'user.there').toString()).toBe('y');
  });
});

test('wrong arguments, before any call', () => {
  const name = 'user.x';
  const bad = (value: unknown): never => value as never;
  for (const [call, code] of [
    [() => raw.fgetxattr(-1, name), 'ERR_OUT_OF_RANGE'],
    [() => raw.fgetxattr(bad('1'), name), 'ERR_INVALID_ARG_TYPE'],
    [() => raw.fgetxattr(0, bad(1)), 'ERR_INVALID_ARG_TYPE'],
    [() => raw.fgetxattr(0, bad(Buffer.from(name))), 'ERR_INVALID_ARG_TYPE'],
    [() => raw.fgetxattr(0, ''), 'ERR_INVALID_ARG_VALUE'],
    [() => raw.fgetxattr(0, 'user.x\0y'), 'ERR_INVALID_ARG_VALUE'],
    [() => raw.fgetxattr(0, `user.${'x'.repeat(251)}`), 'ERR_OUT_OF_RANGE'],
    [() => raw.fsetxattr(-1, name, ''), 'ERR_OUT_OF_RANGE'],
    [() => raw.fsetxattr(0, '', ''), 'ERR_INVALID_ARG_VALUE'],
    [() => raw.fsetxattr(0, name, bad(1)), 'ERR_INVALID_ARG_TYPE'],
    [() => raw.fsetxattr(0, name, bad(undefined)), 'ERR_INVALID_ARG_TYPE'],
    [() => raw.fsetxattr(0, name, Buffer.alloc(65_537)), 'ERR_OUT_OF_RANGE'],
    [() => raw.fsetxattr(0, name, '', bad('1')), 'ERR_INVALID_ARG_TYPE'],
    [() => raw.fsetxattr(0, name, '', 0.5), 'ERR_OUT_OF_RANGE'],
    [() => raw.flistxattr(-1), 'ERR_OUT_OF_RANGE'],
    [() => raw.fremovexattr(-1, name), 'ERR_OUT_OF_RANGE'],
    [() => raw.fremovexattr(0, '\0'), 'ERR_INVALID_ARG_VALUE'],
  ] as const) {
    expect(call).toThrow(expect.objectContaining({ code }));
  }
});

describe.runIf(onLinux).each(everyType)('of a socket, %s', (_, type) => {
  test('what each has', () => {
    using fds = new Descriptors();
    const [fd] = fds.pair(type);
    expect(raw.flistxattr(fd)).toContain('system.sockprotoname');
    expect(raw.fgetxattr(fd, 'system.sockprotoname').toString()).toMatch(/^UNIX/);
  });

  test.skipIf(features().xattrs)('EPERM before Linux 7.1', () => {
    using fds = new Descriptors();
    const [fd] = fds.pair(type);
    expect(() => raw.fsetxattr(fd, 'user.varlink', 'server')).toThrow(
      expect.objectContaining({ code: 'EPERM', syscall: 'fsetxattr' }),
    );
  });

  test.runIf(features().xattrs)("its own, and its duplicate's, but not its peer's", () => {
    using fds = new Descriptors();
    const [fd, peer] = fds.pair(type);
    raw.fsetxattr(fd, 'user.varlink', 'server');
    expect(raw.fgetxattr(fds.own(raw.dup(fd)), 'user.varlink').toString()).toBe('server');
    expect(raw.flistxattr(fd)).toContain('user.varlink');
    expect(() => raw.fgetxattr(peer, 'user.varlink')).toThrow(
      expect.objectContaining({ code: 'ENODATA' }),
    );
    raw.fremovexattr(fd, 'user.varlink');
    expect(raw.flistxattr(fd)).not.toContain('user.varlink');
  });
});

test('a closed socket has no descriptor', async () => {
  const [first, second] = UnixStream.pair();
  await first.close();
  await second.close();
  expect(() => raw.fgetxattr(first.fd, 'user.x')).toThrow(
    expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
  );
});

test.runIf(!onLinux)('on other systems', () => {
  expect(() => raw.flistxattr(0)).toThrow(
    expect.objectContaining({ code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' }),
  );
});
