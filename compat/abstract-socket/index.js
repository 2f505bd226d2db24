// The interface of the npm package abstract-socket 2.1.1: sockets of node:net, bound or connected to abstract names.
'use strict';

/** @type {any} */
const cluster = require('node:cluster');
const net = require('node:net');
const { errno } = require('node:os').constants;
const { nextTick } = require('node:process');
const { setImmediate } = require('node:timers');
const { getSystemErrorName } = require('node:util');
const { FileDescriptor } = require('afunix');
const raw = require('afunix/raw');

class AbstractSocketServer extends net.Server {
  /**
   * @override
   * @param {any} name
   * @param {any} [listener]
   */
  listen(name, listener) {
    // Throws ERR_SERVER_ALREADY_LISTEN.
    if (this.listening) return super.listen(name);
    // There, node:net has the primary process listen on its own descriptor of that number.
    const fd = cluster.isWorker
      ? new Error('a worker of node:cluster cannot listen on an abstract name')
      : open(name, raw.bind);
    if (typeof fd !== 'number') {
      nextTick(() => this.emit('error', errnoException(fd, 'listen')));
      return this;
    }
    return super.listen({ fd }, listener);
  }
}

/** @type {typeof import('./types.js').createServer} */
exports.createServer = (listener) => new AbstractSocketServer(listener);

/** @type {typeof import('./types.js').connect} */
exports.connect = (name, listener) => {
  const fd = open(name, raw.connect);
  if (typeof fd !== 'number') {
    const socket = new net.Socket({ readable: true, writable: true });
    setImmediate(() => socket.emit('error', errnoException(fd, 'connect')));
    return socket;
  }
  const socket = new FileDescriptor(fd).toNetSocket();
  if (typeof listener === 'function') setImmediate(() => listener(socket));
  return socket;
};
exports.createConnection = exports.connect;

/**
 * Returns the descriptor of a new socket that was bound or connected to a name, or the failure.
 *
 * @param {unknown} name
 * @param {(fd: number, address: string) => void} attach
 * @returns {number | Error}
 */
function open(name, attach) {
  const address = String(name);
  if (!address.startsWith('\0')) return new Error('an abstract name begins with a NUL');
  let fd = -1;
  try {
    fd = raw.socket(raw.AF_UNIX, raw.SOCK_STREAM);
    attach(fd, address);
    return fd;
  } catch (error) {
    if (fd !== -1) raw.close(fd);
    return /** @type {Error} */ (error);
  }
}

/**
 * Makes the error of a failure. A name that no system call was tried with is an invalid argument.
 *
 * @param {Error & { errno?: number }} failure
 * @param {string} syscall
 */
function errnoException(failure, syscall) {
  const number = failure.errno ?? -errno.EINVAL;
  const code = getSystemErrorName(number);
  const reason = failure.errno === undefined ? `: ${failure.message}` : '';
  const error = new Error(`${syscall} ${code}${reason}`);
  return Object.assign(error, { errno: number, code, syscall });
}
