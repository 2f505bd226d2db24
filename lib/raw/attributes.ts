// The functions of afunix/raw for extended attributes.
import { Buffer } from 'node:buffer';
import { check, invalidArgType, invalidArgValue, outOfRange, unavailable } from '../core/errors.js';
import { bytesOf, type Data, descriptorNumber, integer } from '../core/validate.js';
import { native } from '../native/binding.js';
import { ENOSYS } from '../native/errno.js';

/** The kernel's XATTR_NAME_MAX. */
const MAX_NAME = 255;
/** The kernel's XATTR_SIZE_MAX and XATTR_LIST_MAX. */
const MAX_VALUE = 65_536;

/**
 * Returns the value of an extended attribute of what the descriptor refers to, up to 65,536 bytes, the caller's. Linux has
 * attributes `user.*` of files, and since 7.1 of sockets: `features().xattrs`. Those of a socket are not
 * those of its socket file, which open(2) does not open. ENODATA if there is none of this name, EOPNOTSUPP for a name
 * without a known prefix, EBADF. `ERR_INVALID_ARG_VALUE` for a name with a NUL, or that is empty, `ERR_OUT_OF_RANGE` for one
 * over 255 bytes. On macOS `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM`. See fgetxattr(2), xattr(7).
 */
export function fgetxattr(fd: number, name: string): Buffer {
  descriptorNumber('fd', fd);
  const bytes = nameOf(name);
  const value = new Uint8Array(MAX_VALUE);
  const length = done('fgetxattr', native.raw.fgetxattr(fd, bytes, value));
  return Buffer.from(value.subarray(0, length));
}

/**
 * Sets an extended attribute: up to 65,536 bytes, a string as UTF-8. A socket of Linux 7.1 takes up to 128 of them, and
 * 128 KiB together; before that, EPERM. `flags`: XATTR_CREATE (EEXIST if there is one already) or XATTR_REPLACE (ENODATA if
 * there is none). EACCES or EPERM without the right to write to the file, ENOSPC, and errors as of `fgetxattr`. See
 * fsetxattr(2).
 */
export function fsetxattr(fd: number, name: string, value: Data, flags = 0): void {
  descriptorNumber('fd', fd);
  const bytes = nameOf(name);
  integer('flags', flags);
  const data = bytesOf('value', value);
  if (data.length > MAX_VALUE) throw outOfRange('value.length', `<= ${MAX_VALUE}`, data.length);
  done('fsetxattr', native.raw.fsetxattr(fd, bytes, data, flags));
}

/** Returns the names of the extended attributes that the caller may see. Errors as of `fgetxattr`. See flistxattr(2). */
export function flistxattr(fd: number): string[] {
  descriptorNumber('fd', fd);
  const names = new Uint8Array(MAX_VALUE);
  const length = done('flistxattr', native.raw.flistxattr(fd, names));
  // Each ends with a NUL.
  return Buffer.from(names.buffer, 0, length).toString().split('\0').slice(0, -1);
}

/** Removes an extended attribute. Errors as of `fsetxattr`; ENODATA if there is none. See fremovexattr(2). */
export function fremovexattr(fd: number, name: string): void {
  descriptorNumber('fd', fd);
  done('fremovexattr', native.raw.fremovexattr(fd, nameOf(name)));
}

function nameOf(name: unknown): Uint8Array {
  if (typeof name !== 'string') throw invalidArgType('name', 'of type string', name);
  if (name === '' || name.includes('\0')) {
    throw invalidArgValue('name', 'must be a string that is not empty and has no NUL', name);
  }
  const bytes = Buffer.from(name);
  if (bytes.length > MAX_NAME) throw outOfRange('name.length', `<= ${MAX_NAME}`, bytes.length);
  return bytes;
}

function done(syscall: string, result: number): number {
  if (result === ENOSYS) throw unavailable(syscall);
  return check(syscall, result);
}
