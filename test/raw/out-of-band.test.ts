// MSG_OOB on a stream (Linux 5.15): one urgent byte that is read apart from the others.
import { features } from 'afunix';
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, Descriptors, receive } from '../helpers/raw-sockets.js';

checkDescriptors();

describe.runIf(features().outOfBand)('MSG_OOB', () => {
  test('the last byte is urgent: it comes first, and not with the rest', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(raw.SOCK_STREAM);
    raw.send(first, 'abc');
    raw.send(first, 'de!', raw.MSG_OOB);
    raw.send(first, 'fg');
    expect(receive(second, raw.MSG_OOB).data).toBe('!');
    expect([receive(second).data, receive(second).data]).toEqual(['abcde', 'fg']);
  });

  test('none there: EINVAL', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(raw.SOCK_STREAM);
    raw.send(first, 'abc');
    expect(codeOf(() => receive(second, raw.MSG_OOB))).toBe('EINVAL');
  });

  test('SO_OOBINLINE: in its place', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(raw.SOCK_STREAM);
    raw.setsockopt(second, raw.SOL_SOCKET, raw.SO_OOBINLINE, true);
    raw.send(first, 'ab!', raw.MSG_OOB);
    expect(receive(second).data).toBe('ab');
    expect(raw.ioctl(second, raw.SIOCATMARK)).toBe(1);
    expect(receive(second).data).toBe('!');
  });

  test('datagrams have none: EOPNOTSUPP', () => {
    using fds = new Descriptors();
    const [first] = fds.pair(raw.SOCK_DGRAM);
    expect(codeOf(() => raw.send(first, 'x', raw.MSG_OOB))).toBe('EOPNOTSUPP');
  });
});
