// Descriptors are non-blocking and close-on-exec unless asked otherwise.
import { readFileSync } from 'node:fs';
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Descriptors, onLinux } from '../helpers/raw-sockets.js';

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

function flagsOf(fd: number): { blocking: boolean; inheritable: boolean } {
  const text = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
  const flags = Number.parseInt(/flags:\s*(\d+)/.exec(text)?.[1] ?? '', 8);
  return { blocking: (flags & O_NONBLOCK) === 0, inheritable: (flags & O_CLOEXEC) === 0 };
}

describe
  .runIf(onLinux)
  .each([
    [undefined],
    [{}],
    [{ blocking: false, inheritable: false }],
    [{ blocking: true }],
    [{ inheritable: true }],
    [{ blocking: true, inheritable: true }],
  ])('options %j', (options) => {
  checkDescriptors();
  const expected = { blocking: false, inheritable: false, ...options };

  test('socket', () => {
    using fds = new Descriptors();
    const fd = fds.own(raw.socket(raw.AF_UNIX, raw.SOCK_STREAM, 0, options));
    expect(flagsOf(fd)).toEqual(expected);
  });

  test('socketpair', () => {
    using fds = new Descriptors();
    const pair = fds.ownAll(raw.socketpair(raw.AF_UNIX, raw.SOCK_STREAM, 0, options));
    expect(pair.map(flagsOf)).toEqual([expected, expected]);
  });

  test('accept', () => {
    using fds = new Descriptors();
    const listener = fds.listener(raw.SOCK_STREAM, raw.UnixAddress.unnamed);
    fds.connected(raw.SOCK_STREAM, raw.getsockname(listener));
    expect(flagsOf(fds.own(raw.accept(listener, options)))).toEqual(expected);
  });
});
