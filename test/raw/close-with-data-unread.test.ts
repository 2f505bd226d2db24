// The peer closes with our data unread: ECONNRESET, after its own data on a stream, before it on a
// seqpacket connection; then the end.
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, connectionTypes, Descriptors, onLinux, receive } from '../helpers/raw-sockets.js';

describe.runIf(onLinux).each(connectionTypes)('%s', (_, type) => {
  checkDescriptors();

  test('data and ECONNRESET, then the end', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    raw.send(first, 'unread');
    raw.send(second, 'last words');
    fds.close(second);
    const reset = (): void => expect(codeOf(() => receive(first))).toBe('ECONNRESET');
    if (type === raw.SOCK_SEQPACKET) reset();
    expect(receive(first).data).toBe('last words');
    if (type === raw.SOCK_STREAM) reset();
    expect(receive(first).length).toBe(0);
  });

  test('with all read: data, end', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    raw.send(second, 'last words');
    fds.close(second);
    expect(receive(first).data).toBe('last words');
    expect(receive(first).length).toBe(0);
  });

  test('a send to the closed peer is EPIPE and no signal', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    fds.close(second);
    expect(codeOf(() => raw.send(first, 'x'))).toBe('EPIPE');
    expect(codeOf(() => raw.sendmsg(first, { data: 'x' }))).toBe('EPIPE');
    expect(codeOf(() => raw.sendmmsg(first, [{ data: 'x' }]))).toBe('EPIPE');
  });
});
