import fs from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { native } from '../native/binding.js';
import { EBADF } from '../native/errno.js';
import { onDeno } from '../native/runtime.js';
import { check, systemError } from './errors.js';
import { kindOf } from './file-kind.js';

// Taken at load: a patch of node:fs made later must not see these descriptors.
const { closeSync, fstatSync } = fs;

/** Makes the addon the owner of `fd`. Returns the number that it owns. */
export function adopt(fd: number): number {
  if (!isClosedByFs(fd)) {
    if (!native.descriptors.own(fd)) throw systemError('fstat', EBADF);
    return fd;
  }
  const copy = check('dup', native.descriptors.duplicate(fd));
  try {
    closeSync(fd); // fs forgets the number
  } catch {
    // The number is free all the same, close(2).
  }
  return copy;
}

/** Whether node:fs may have opened `fd`, and closes it by its number later on. */
function isClosedByFs(fd: number): boolean {
  // Deno's fs closes what it opened when it opens another file by the same number.
  if (onDeno) return fd > 2 && isKnownToFs(fd);
  // Node's fs does so when a worker ends. No open(2) makes a socket, or what has no file type.
  return !isMainThread && native.descriptors.socketKind(fd) < 0 && kindOf(fd) !== 'anonymous';
}

/** On Deno fs knows the descriptors that it opened, and no others. */
function isKnownToFs(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}
