// The errors of node-unix-socket: their messages are the C library's texts. Beyond it, `code` is the name of the error.
'use strict';

const { getSystemErrorMap } = require('node:util');

/**
 * Texts that differ from libuv's by more than the first letter.
 * @type {Record<string, string | undefined>}
 */
const TEXTS = {
  EAGAIN: 'Try again',
  EBADF: 'Bad file number',
  EISCONN: 'Transport endpoint is already connected',
  ENOTCONN: 'Transport endpoint is not connected',
};

/** @type {Map<string, number>} */
const errnos = new Map();
for (const [errno, [code]] of getSystemErrorMap()) errnos.set(code, errno);

/**
 * @param {string} code
 * @param {number | undefined} errno
 */
function textOf(code, errno) {
  const text = TEXTS[code] ?? getSystemErrorMap().get(errno ?? 0)?.[1] ?? code;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * Returns a system error of afunix as node-unix-socket words it; any other error as it is.
 * @param {any} error
 */
function reworded(error) {
  if (typeof error?.syscall !== 'string') return error;
  const { code, errno, syscall, address } = error;
  const properties = { code, errno, syscall, ...(address !== undefined && { address }) };
  return Object.assign(new Error(textOf(code, errno), { cause: error }), properties);
}

/**
 * Makes the error of a system call that was not made.
 * @param {string} code
 * @param {string} syscall
 */
function systemError(code, syscall) {
  const errno = errnos.get(code);
  return Object.assign(new Error(textOf(code, errno)), { code, errno, syscall });
}

/**
 * Calls `action`, and throws its errors reworded.
 * @template T
 * @param {() => T} action
 */
function rewording(action) {
  try {
    return action();
  } catch (error) {
    throw reworded(error);
  }
}

exports.reworded = reworded;
exports.rewording = rewording;
exports.systemError = systemError;
