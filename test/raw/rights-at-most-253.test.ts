// SCM_MAX_FD: the kernel takes 253 in one message.
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Descriptors, everyType, receive, thrown } from '../helpers/raw-sockets.js';

describe.each(everyType)('%s', (_, type) => {
  checkDescriptors();

  test('253 arrive', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    raw.sendmsg(first, { data: 'x', rights: Array(253).fill(0) });
    const message = receive(second);
    fds.ownAll(message.rights);
    expect(message.rights.length).toBe(253);
    expect(new Set(message.rights).size).toBe(253);
    expect(message.controlTruncated).toBe(false);
  });

  test('254 are refused before anything is sent', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    const message = { data: 'x', rights: Array(254).fill(0) };
    expect(thrown(() => raw.sendmsg(first, message))).toMatchObject({
      name: 'RangeError',
      code: 'ERR_OUT_OF_RANGE',
    });
    expect(thrown(() => raw.sendmmsg(first, [{ data: 'y' }, message]))).toMatchObject({
      code: 'ERR_OUT_OF_RANGE',
      message: expect.stringContaining('messages[1].rights'),
    });
    expect(thrown(() => receive(second))).toMatchObject({ code: 'EAGAIN' });
  });

  test('one that is not open: EBADF, and nothing is sent', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    const gone = raw.dup(0);
    raw.close(gone);
    expect(thrown(() => raw.sendmsg(first, { data: 'x', rights: [0, gone] }))).toMatchObject({
      code: 'EBADF',
      syscall: 'sendmsg',
    });
    expect(thrown(() => receive(second))).toMatchObject({ code: 'EAGAIN' });
  });
});
