import { readFileSync } from 'node:fs';
import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, Descriptors, onLinux, receive } from '../helpers/raw-sockets.js';

checkDescriptors();

test('a duplicate is the same socket and outlives the first', () => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_STREAM);
  const duplicate = fds.own(raw.dup(first));
  expect(duplicate).not.toBe(first);
  fds.close(first);
  raw.send(duplicate, 'x');
  expect(receive(second).data).toBe('x');
});

test.runIf(onLinux)('it is close-on-exec', () => {
  using fds = new Descriptors();
  const fd = fds.own(raw.dup(0));
  expect(fd).toBeGreaterThan(2);
  expect(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')).toMatch(/flags:\s*0?2\d{6}/);
});

test('of what is not open: EBADF', () => {
  const gone = raw.dup(0);
  raw.close(gone);
  expect(codeOf(() => raw.dup(gone))).toBe('EBADF');
});
