'use strict';

const { Duplex } = require('node:stream');
const { isUint8Array } = require('node:util').types;
const { Connection } = require('./connection.js');

const { nextTick } = process;

const NO_BYTES = Buffer.alloc(0);

/**
 * The connections of sockets, from `connect()` on.
 * @type {WeakMap<object, Connection>}
 */
const connections = new WeakMap();

/**
 * What a socket is made for.
 * @typedef {object} Options
 * @property {string | undefined} [path]
 * @property {number | undefined} [fd]
 * @property {boolean | undefined} [allowHalfOpen]
 */

/** The methods of a USocket. It has no private members: `USocket()` may be called for an object that is there. */
class Socket extends Duplex {
  /**
   * Set when it is connected, as by usocket.
   * @type {number | undefined}
   */
  fd;

  /**
   * @param {string | Options} target
   * @param {(() => void) | undefined} listener
   */
  connect(target, listener) {
    if (connections.has(this)) throw new Error('connect on already connected USocket');
    const { fd, path } = typeof target === 'string' ? { path: target } : (target ?? {});
    if (typeof fd !== 'number' && typeof path !== 'string') {
      throw new Error('USocket#connect expects string path');
    }
    if (typeof listener === 'function') this.once('connected', listener);
    const connection = new Connection(this, (error) => connectFailed(this, error));
    if (typeof fd === 'number') connection.adopt(fd);
    else connection.connect(/** @type {string} */ (path));
    connections.set(this, connection);
  }

  /**
   * Returns bytes; with a number of descriptors, or null for all, both. Null if there is not as much as was asked for.
   * @override
   * @param {number} [size]
   * @param {number | null} [fdCount]
   */
  read(size, fdCount) {
    const connection = connections.get(this);
    // Without a connection a read would wait for ever. Listeners of 'connected' read again.
    if (connection === undefined || this.destroyed) return null;
    if (fdCount === undefined) return super.read(size);
    if (fdCount !== null && connection.fdCount < fdCount) {
      super.read(0);
      return null;
    }
    const data = super.read(size);
    if (size && !data) return data;
    return { data, fds: connection.takeFds(fdCount ?? connection.fdCount) };
  }

  /**
   * Puts bytes and descriptors back, for the next reads.
   * @override
   * @param {any} chunk
   * @param {number[] | BufferEncoding} [fds]
   */
  unshift(chunk, fds) {
    if (Array.isArray(fds)) connections.get(this)?.putBack(fds);
    if (chunk) super.unshift(chunk, typeof fds === 'string' ? fds : undefined);
  }

  /** @override */
  _read() {
    connections.get(this)?.resume();
  }

  /**
   * @override
   * @param {unknown} chunk
   * @param {BufferEncoding} encoding
   * @param {(error?: Error | null) => void} done
   */
  _write(chunk, encoding, done) {
    const connection = connections.get(this);
    let message;
    try {
      if (connection === undefined) throw new Error('USocket not connected');
      message = messageOf(chunk, encoding);
    } catch (error) {
      done(/** @type {Error} */ (error));
      return;
    }
    connection.write(message, chunk, done);
  }

  /**
   * Ends the writing side, before `end()` returns if nothing waits to be written.
   * @override
   * @param {(error?: Error | null) => void} done
   */
  _final(done) {
    const connection = connections.get(this);
    if (connection === undefined) done();
    else connection.finish(done);
  }

  /**
   * @override
   * @param {Error | null} error
   * @param {(error?: Error | null) => void} done
   */
  _destroy(error, done) {
    connections.get(this)?.destroy();
    done(error);
    if (error) nextTick(() => this.emit('close', error));
  }
}

/**
 * Says that the socket could not connect. It may try again.
 * @param {Socket} socket
 * @param {Error} error
 */
function connectFailed(socket, error) {
  connections.delete(socket);
  socket.emit('error', error);
  socket.emit('close', error);
}

/**
 * Returns what to write for a string, bytes, an array of descriptors, or an object of the three.
 * @param {any} chunk
 * @param {BufferEncoding} encoding
 * @returns {import('./connection.js').Message}
 */
function messageOf(chunk, encoding) {
  if (typeof chunk === 'string') return { data: Buffer.from(chunk, encoding), fds: [] };
  if (isUint8Array(chunk)) return { data: chunk, fds: [] };
  const { data, fds, callback } = Array.isArray(chunk) ? { fds: chunk } : chunk;
  if (data && !isUint8Array(data)) throw new Error('USocket data needs to be a buffer');
  if (fds && !Array.isArray(fds)) throw new Error('USocket fds needs to be an array');
  if (callback && typeof callback !== 'function') {
    throw new Error('USocket write callback needs to be a function');
  }
  if (!data && !fds) throw new Error('USocket write needs a data or array');
  if (fds?.length > 0 && !(data?.length > 0)) {
    throw new Error('USocket fds need a byte of data to go with: a stream drops them without');
  }
  return { data: data || NO_BYTES, fds: fds || [], callback: callback || undefined };
}

/**
 * Makes a USocket. A function, not a class: a program may inherit from it with `util.inherits()`.
 * @this {Socket}
 * @param {string | Options} [options]
 * @param {() => void} [listener]
 */
function USocket(options, listener) {
  /** @type {Options} */
  const settings = typeof options === 'object' && options !== null ? options : { path: options };
  const { allowHalfOpen = true, fd, path } = settings;
  Duplex.call(this, { allowHalfOpen, emitClose: false, writableObjectMode: true });
  if (typeof fd === 'number' || path) this.connect(settings, listener);
}

USocket.prototype = Socket.prototype;
USocket.prototype.constructor = USocket;
Object.setPrototypeOf(USocket, Duplex);

/**
 * Makes the USocket of an accepted connection.
 * @param {import('afunix').UnixStream} stream
 */
function fromStream(stream) {
  /** @type {Socket} */
  const socket = Reflect.construct(/** @type {Function} */ (USocket), []);
  const connection = new Connection(socket, () => {});
  connection.adopt(stream);
  connections.set(socket, connection);
  return socket;
}

exports.USocket = USocket;
exports.fromStream = fromStream;
