import fs from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { native } from '../native/binding.js';
import { EBADF } from '../native/errno.js';
import { check, systemError } from './errors.js';
import { kindOf } from './file-kind.js';

// Taken at load: a patch of node:fs made later must not see these descriptors.
const { closeSync } = fs;

/** Makes the addon the owner of `fd`. Returns the number that it owns. */
export function adopt(fd: number): number {
  const { descriptors } = native;
  // No open(2) makes a socket, or what has no file type: Node's fs cannot have opened those.
  if (isMainThread || descriptors.socketKind(fd) >= 0 || kindOf(fd) === 'anonymous') {
    if (!descriptors.own(fd)) throw systemError('fstat', EBADF);
    return fd;
  }
  const copy = check('dup', native.descriptors.duplicate(fd));
  try {
    closeSync(fd); // Node forgets the number, which it would close when the worker ends
  } catch {
    // The number is free all the same, close(2).
  }
  return copy;
}
