// Arguments that several classes take.
'use strict';

const { resolve } = require('node:path');

/** The longest path that a socket can be bound to (sun_path, without its NUL). */
const MAX_PATH = process.platform === 'darwin' ? 103 : 107;

/** A queue without a limit, as node-unix-socket has. */
const NO_LIMIT = { bytes: 0x7fffffff, messages: 0x7fffffff };

/**
 * Returns `length` bytes of `buffer` from `offset` on. Throws for a range that it does not have.
 * @param {Uint8Array} buffer
 * @param {number} offset
 * @param {number} length
 */
function sliceOf(buffer, offset, length) {
  if (!(buffer instanceof Uint8Array)) throw new TypeError('buf must be a Buffer');
  const inside = offset >= 0 && length >= 0 && offset + length <= buffer.length;
  if (!inside || !Number.isInteger(offset) || !Number.isInteger(length)) {
    const text = `offset ${offset} and length ${length} are not within the ${buffer.length} bytes of buf`;
    throw Object.assign(new RangeError(text), { code: 'ERR_OUT_OF_RANGE' });
  }
  return buffer.subarray(offset, offset + length);
}

/**
 * Returns the address to bind: a path from the root where that is short enough, so that peers anywhere can answer it.
 * Throws for a path that is too long.
 * @param {string} path
 */
function addressToBind(path) {
  if (typeof path !== 'string') throw new TypeError('the path must be a string');
  if (Buffer.byteLength(path) > MAX_PATH) throw new Error('path to bind is too long');
  if (path.startsWith('\0')) return path;
  const full = resolve(path);
  return Buffer.byteLength(full) > MAX_PATH ? path : full;
}

/**
 * Returns a path, an abstract name with its leading NUL, or '' for an unnamed socket.
 * @param {import('afunix').UnixAddress | null} address
 */
function textOf(address) {
  return address?.path ?? address?.bytes.toString() ?? '';
}

exports.NO_LIMIT = NO_LIMIT;
exports.addressToBind = addressToBind;
exports.sliceOf = sliceOf;
exports.textOf = textOf;
