// Linux: a backlog of N admits N + 1 connections; the next one gets EAGAIN, never EINPROGRESS.
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { connectionTypes, Descriptors, onLinux, thrown } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

describe.runIf(onLinux).each(connectionTypes)('%s', (_, type) => {
  checkDescriptors();

  test.each([0, 1, 5])('backlog %i', (backlog) => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    const listener = fds.listener(type, scratch.path(), backlog);
    for (let i = 0; i <= backlog; i += 1) fds.connected(type, scratch.path());
    const fd = fds.socket(type);
    expect(thrown(() => raw.connect(fd, scratch.path()))).toMatchObject({
      code: 'EAGAIN',
      message: `connect EAGAIN ${scratch.path()}`,
    });
    fds.accept(listener);
    raw.connect(fd, scratch.path());
  });

  test('511, if none is given', () => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    fds.listener(type, scratch.path());
    for (let i = 0; i < 512; i += 1) fds.connected(type, scratch.path());
    const fd = fds.socket(type);
    expect(thrown(() => raw.connect(fd, scratch.path()))).toMatchObject({ code: 'EAGAIN' });
  });

  test('listen again changes it', () => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    const listener = fds.listener(type, scratch.path(), 0);
    fds.connected(type, scratch.path());
    raw.listen(listener, 5);
    fds.connected(type, scratch.path());
  });
});
