// The interface of the npm package unix-dgram 2.0.7. As there, each event and each callback comes before the call
// returns, and an error's code is a number.
'use strict';

const dgram = require('node:dgram');
const { EventEmitter } = require('node:events');
const { errno } = require('node:os').constants;
const unix = require('afunix/dgram');
const raw = require('afunix/raw');

/** The key of the socket of afunix/dgram that does the work. */
const kSocket = Symbol('socket');

/** What `attempt` returns for a message that found no room. */
const CONGESTION = 1;

class Socket extends EventEmitter {
  /**
   * @param {string} type
   * @param {unknown} listener
   */
  constructor(type, listener) {
    super();
    if (String(type) !== 'unix_dgram') throw new Error(`Unsupported socket type: ${type}`);
    this[kSocket] = makeSocket();
    /** @type {number} */
    this.fd = this[kSocket].fd;
    this.type = type;
    if (typeof listener === 'function') this.on('message', /** @type {() => void} */ (listener));

    this[kSocket].on('message', (data, { path }) => {
      this.emit('message', data, { size: data.length, address: {}, path });
    });
    this[kSocket].on('writable', () => this.emit('writable'));
  }

  /** @param {string} path */
  bind(path) {
    const options = { path: String(path), unlinkOnClose: false, allowUnsafePath: true };
    const result = attempt(this, () => this[kSocket].bind(options));
    if (result === 0) this.emit('listening');
    else this.emit('error', errnoException(result, 'bind'));
  }

  /** @param {string} path */
  connect(path) {
    const result = attempt(this, () => this[kSocket].connect(String(path)));
    if (result !== 0) {
      this.emit('error', errnoException(result, 'connect'));
      return;
    }
    this.connected = true;
    this.emit('connect');
  }

  /**
   * Sends to the peer, `send(buf, callback)`, or without one to a path.
   *
   * @param {NodeJS.ArrayBufferView} buf
   * @param {unknown} [offset]
   * @param {unknown} [length]
   * @param {unknown} [path]
   * @param {unknown} [callback]
   */
  send(buf, offset, length, path, callback) {
    checkBuffer(buf);
    if (this.connected) {
      const result = attempt(this, () => this[kSocket].send(buf));
      report(this, result, buf, offset);
    } else {
      const part = sliceOf(buf, Number(offset) >>> 0, Number(length) >>> 0);
      const result = attempt(this, () => raw.sendto(this.fd, part, String(path)));
      report(this, result, buf, callback);
    }
  }

  /**
   * @param {NodeJS.ArrayBufferView} buf
   * @param {unknown} [offset]
   * @param {unknown} [length]
   * @param {unknown} [path]
   * @param {unknown} [callback]
   */
  sendto(buf, offset, length, path, callback) {
    this.send(buf, offset, length, path, callback);
  }

  /** Idempotent, for winston-syslog closes twice. */
  close() {
    if (this.fd === -1) return;
    this[kSocket].close();
    this.fd = -1;
  }
}

const notImplemented = () => {
  throw new Error('not implemented');
};

Object.assign(Socket.prototype, {
  address: notImplemented,
  setTTL: notImplemented,
  setBroadcast: notImplemented,
  setMulticastTTL: notImplemented,
  setMulticastLoopback: notImplemented,
  addMembership: notImplemented,
  dropMembership: notImplemented,
});

function makeSocket() {
  try {
    return unix.createSocket('unix_dgram');
  } catch (error) {
    throw errnoException(errnoOf(error), 'socket');
  }
}

/**
 * Calls a function that fails by an exception or by an event of the socket below. Returns 0, `CONGESTION` or -errno.
 * No listener stays behind: the socket below keeps an error of receiving for the next send if nobody listens.
 *
 * @param {Socket} socket
 * @param {() => void} call
 */
function attempt(socket, call) {
  if (socket.fd === -1) return -errno.EBADF;
  const below = socket[kSocket];
  let result = 0;
  const onCongestion = () => {
    result = CONGESTION;
  };
  /** @param {unknown} error */
  const onError = (error) => {
    result = errnoOf(error);
  };
  below.on('congestion', onCongestion).on('error', onError);
  try {
    call();
  } catch (error) {
    onError(error);
  }
  below.off('congestion', onCongestion).off('error', onError);
  return result;
}

/**
 * Calls back with the result of a send, or emits it where there is no callback.
 *
 * @param {Socket} socket
 * @param {number} result
 * @param {NodeJS.ArrayBufferView} buf
 * @param {unknown} callback
 */
function report(socket, result, buf, callback) {
  if (typeof callback === 'function') {
    if (result === 0) callback();
    else if (result === CONGESTION) callback(congestion());
    else callback(errnoException(result, 'send'));
  } else if (result === CONGESTION) {
    socket.emit('congestion', buf);
  } else if (result !== 0) {
    socket.emit('error', errnoException(result, 'send'));
  }
}

/** @param {unknown} buf */
function checkBuffer(buf) {
  if (ArrayBuffer.isView(buf)) return;
  const error = new TypeError('buf must be a Buffer (unix-dgram ends the process here)');
  throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
}

/**
 * @param {NodeJS.ArrayBufferView} buf
 * @param {number} offset
 * @param {number} length
 */
function sliceOf(buf, offset, length) {
  if (offset + length <= buf.byteLength) {
    return new Uint8Array(buf.buffer, buf.byteOffset + offset, length);
  }
  const error = new RangeError(
    'offset and length go beyond buf (unix-dgram ends the process here)',
  );
  throw Object.assign(error, { code: 'ERR_OUT_OF_RANGE' });
}

/**
 * Returns the errno of a failure. A path that no system call was tried with, such as '', is an invalid argument.
 *
 * @param {any} error
 * @returns {number}
 */
function errnoOf(error) {
  return typeof error?.errno === 'number' ? error.errno : -errno.EINVAL;
}

/**
 * @param {number} code
 * @param {string} syscall
 */
function errnoException(code, syscall) {
  return Object.assign(new Error(`${syscall} ${code}`), { code, errno: code, syscall });
}

function congestion() {
  return Object.assign(new Error('congestion'), { code: CONGESTION });
}

/**
 * @param {string} type
 * @param {(...values: any[]) => void} [listener]
 */
exports.createSocket = (type, listener) =>
  type === 'udp4' || type === 'udp6'
    ? dgram.createSocket(type, listener)
    : new Socket(type, listener);
