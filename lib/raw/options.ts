// The functions of afunix/raw for socket options, as integers and as bytes.
import { Buffer } from 'node:buffer';
import { check, invalidArgType, invalidArgValue } from '../core/errors.js';
import { bufferOf, descriptorNumber, integer } from '../core/validate.js';
import { native } from '../native/binding.js';

/** The longest value `getsockopt` makes a Buffer for; SO_PEERGROUPS needs up to 262,144 bytes. */
const MAX_OPTION = 1024 * 1024;
const UINT_MAX = 0xffffffff;

/**
 * Returns an option's value. Without `length` an integer, a C int; an option that is larger or smaller throws
 * `ERR_INVALID_ARG_VALUE`. With a length in bytes (0 to 1 MiB), a Buffer of what the kernel wrote,
 * which may be shorter; with a buffer, a Buffer over that memory. SO_PEERPIDFD returns a descriptor that the
 * caller has to close. ENOPROTOOPT for an option that this kernel does not know, ERANGE if the room does not
 * suffice (SO_PEERGROUPS, SO_PEERSEC). See getsockopt(2), socket(7), unix(7).
 */
export function getsockopt(fd: number, level: number, name: number): number;
export function getsockopt(
  fd: number,
  level: number,
  name: number,
  length: number | NodeJS.ArrayBufferView,
): Buffer;
export function getsockopt(
  fd: number,
  level: number,
  name: number,
  length?: number | NodeJS.ArrayBufferView,
): number | Buffer {
  descriptorNumber('fd', fd);
  integer('level', level);
  integer('name', name);
  if (length === undefined) return integerOption(fd, level, name);
  const room =
    typeof length === 'number'
      ? Buffer.alloc(integer('length', length, 0, MAX_OPTION))
      : bufferOf('length', length);
  const written = check('getsockopt', native.raw.getsockopt(fd, level, name, room));
  // SO_GET_FILTER returns the length that it would have written.
  return Buffer.from(room.buffer, room.byteOffset, Math.min(written, room.length));
}

function integerOption(fd: number, level: number, name: number): number {
  // More room than an int, so that a larger value is not taken for one.
  const room = new Int32Array(16);
  const written = check(
    'getsockopt',
    native.raw.getsockopt(fd, level, name, new Uint8Array(room.buffer)),
  );
  if (written !== 4) {
    throw invalidArgValue(
      'name',
      `is an option of ${written} bytes, not an int: give a length`,
      name,
    );
  }
  return room[0] as number;
}

/**
 * Sets an option: a number or a boolean as a C int, anything else byte for byte. ENOPROTOOPT for an
 * option that this kernel or socket type does not know, EPERM. See setsockopt(2), socket(7), unix(7).
 */
export function setsockopt(
  fd: number,
  level: number,
  name: number,
  value: number | boolean | NodeJS.ArrayBufferView,
): void {
  descriptorNumber('fd', fd);
  integer('level', level);
  integer('name', name);
  check('setsockopt', native.raw.setsockopt(fd, level, name, optionBytes(value)));
}

function optionBytes(value: unknown): Uint8Array {
  if (typeof value !== 'number' && typeof value !== 'boolean') {
    if (!ArrayBuffer.isView(value)) {
      throw invalidArgType('value', 'of type number or boolean or an ArrayBufferView', value);
    }
    return bufferOf('value', value);
  }
  const int = new Int32Array([integer('value', Number(value), -2147483648, UINT_MAX)]);
  return new Uint8Array(int.buffer);
}
