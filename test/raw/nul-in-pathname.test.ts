// The kernel would cut a pathname at a NUL and bind another file.
import { readdirSync } from 'node:fs';
import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Descriptors, thrown } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

test.each(['string', 'bytes'])('as a %s it is refused before any system call', (form) => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  const path = `${scratch.path('a')}\0b`;
  const address = form === 'string' ? path : Buffer.from(path);
  const fd = fds.socket(raw.SOCK_DGRAM);
  for (const call of [
    () => raw.bind(fd, address),
    () => raw.connect(fd, address),
    () => raw.sendto(fd, 'x', address),
    () => raw.sendmsg(fd, { data: 'x', address }),
    () => raw.sendmmsg(fd, [{ data: 'x', address }]),
  ]) {
    expect(thrown(call)).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' });
  }
  expect(readdirSync(scratch.folder)).toEqual([]);
});
