import { statSync } from 'node:fs';
import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Descriptors } from '../helpers/raw-sockets.js';

checkDescriptors();

test('of a file: as fs.stat', () => {
  using fds = new Descriptors();
  const { isSocket, ...fields } = raw.fstat(fds.file(import.meta.filename));
  expect(isSocket()).toBe(false);
  expect(statSync(import.meta.filename)).toMatchObject(fields);
  expect(Object.keys(fields)).toEqual([
    'dev',
    'ino',
    'mode',
    'nlink',
    'uid',
    'gid',
    'rdev',
    'size',
  ]);
});

test('of a socket', () => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_STREAM);
  const stat = raw.fstat(first);
  expect(stat.isSocket()).toBe(true);
  expect(stat.mode & raw.S_IFMT).toBe(raw.S_IFSOCK);
  expect(raw.fstat(second).ino).not.toBe(stat.ino);
});
