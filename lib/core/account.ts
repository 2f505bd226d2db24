// Users and groups, by number or name.
import { native } from '../native/binding.js';
import { ENOENT } from '../native/errno.js';
import { check, codedError, invalidArgType, invalidArgValue } from './errors.js';
import { integer } from './validate.js';

/** The largest number of a user or a group. One more means nobody, to chown(2). */
const MAX = 0xffff_fffe;

/** Returns the number of a user. Throws ERR_UNKNOWN_CREDENTIAL for an unknown name, as Node.js does. */
export function userOf(name: string, value: unknown): number {
  return numberOf(name, value, 'User', 'getpwnam_r', (bytes) => native.accounts.user(bytes));
}

/** Returns the number of a group, as `userOf` that of a user. */
export function groupOf(name: string, value: unknown): number {
  return numberOf(name, value, 'Group', 'getgrnam_r', (bytes) => native.accounts.group(bytes));
}

function numberOf(
  name: string,
  value: unknown,
  what: 'User' | 'Group',
  syscall: string,
  find: (name: Uint8Array) => number,
): number {
  if (typeof value === 'number') return integer(name, value, 0, MAX);
  if (typeof value !== 'string') throw invalidArgType(name, 'of type number or string', value);
  if (value === '' || value.includes('\0')) {
    throw invalidArgValue(name, 'must be a name, without NUL', value);
  }
  const number = find(Buffer.from(value));
  if (number !== ENOENT) return check(syscall, number);
  const message = `${what} identifier does not exist: ${value}`;
  throw codedError(Error, 'ERR_UNKNOWN_CREDENTIAL', message);
}
