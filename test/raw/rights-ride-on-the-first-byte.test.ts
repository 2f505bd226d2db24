// On a stream descriptors come with the first byte of what they were sent with. Bytes sent before
// may come in the same read, bytes after do not, and two messages with descriptors never merge.
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, Descriptors, onLinux, receive } from '../helpers/raw-sockets.js';

const fresh = (fds: Descriptors): [number, number] => fds.pair(raw.SOCK_STREAM);

/** What the next receive brings: its bytes and how many descriptors. */
function next(fds: Descriptors, fd: number, room?: number, flags?: number): [string, number] {
  const { data, rights } = receive(fd, flags, room);
  return [data, fds.ownAll(rights).length];
}

describe.runIf(onLinux)('a stream', () => {
  checkDescriptors();

  test('the first byte brings them, the rest none', () => {
    using fds = new Descriptors();
    const [first, second] = fresh(fds);
    raw.sendmsg(first, { data: 'abc', rights: [0] });
    expect(next(fds, second, 1)).toEqual(['a', 1]);
    expect(next(fds, second)).toEqual(['bc', 0]);
  });

  test('plain bytes before them merge, plain bytes after do not', () => {
    using fds = new Descriptors();
    const [first, second] = fresh(fds);
    raw.send(first, 'before ');
    raw.sendmsg(first, { data: 'with', rights: [0] });
    raw.send(first, ' after');
    expect(next(fds, second)).toEqual(['before with', 1]);
    expect(next(fds, second)).toEqual([' after', 0]);
  });

  test('two messages with descriptors stay two', () => {
    using fds = new Descriptors();
    const [first, second] = fresh(fds);
    raw.sendmsg(first, { data: 'a', rights: [0] });
    raw.sendmsg(first, { data: 'b', rights: [0, 1] });
    expect(next(fds, second)).toEqual(['a', 1]);
    expect(next(fds, second)).toEqual(['b', 2]);
  });

  test('a partial send has sent them', () => {
    using fds = new Descriptors();
    const [first, second] = fresh(fds);
    const data = Buffer.alloc(10_000_000);
    const sent = raw.sendmsg(first, { data, rights: [0] });
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(data.length);
    expect(next(fds, second)[1]).toBe(1);
  });

  test('a receive into no bytes takes them, leaves the byte, and returns 0', () => {
    using fds = new Descriptors();
    const [first, second] = fresh(fds);
    raw.sendmsg(first, { data: 'a', rights: [0] });
    expect(next(fds, second, 0)).toEqual(['', 1]);
    expect(next(fds, second)).toEqual(['a', 0]);
  });

  test('MSG_PEEK brings duplicates, and they come again', () => {
    using fds = new Descriptors();
    const [first, second] = fresh(fds);
    raw.sendmsg(first, { data: 'a', rights: [0] });
    expect(next(fds, second, 10, raw.MSG_PEEK)).toEqual(['a', 1]);
    expect(next(fds, second, 10, raw.MSG_PEEK)).toEqual(['a', 1]);
    expect(next(fds, second)).toEqual(['a', 1]);
    expect(codeOf(() => receive(second))).toBe('EAGAIN');
  });
});
