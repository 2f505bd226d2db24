'use strict';

const { EventEmitter } = require('node:events');
const { setImmediate } = require('node:timers');
const { UnixSeqpacket, UnixSeqpacketListener } = require('afunix');
const raw = require('afunix/raw');
const { addressToBind, NO_LIMIT, sliceOf, textOf } = require('./arguments.js');
const { reworded, rewording, systemError } = require('./errors.js');

// Captured: a test may fake the global one.
const { nextTick } = process;

const OPTIONS = { sendQueueLimit: NO_LIMIT };
const DEFAULT_BACKLOG = 511;
const DEFAULT_READ_SIZE = 256 * 1024;

/**
 * Makes a seqpacket socket, has `prepare` bind or connect it, and returns it as an object of `Class`.
 * @template S
 * @param {{ fromFd(fd: number, options: typeof OPTIONS): S }} Class
 * @param {(fd: number) => void} prepare
 */
function openSocket(Class, prepare) {
  return rewording(() => {
    const fd = raw.socket(raw.AF_UNIX, raw.SOCK_SEQPACKET);
    try {
      prepare(fd);
      return Class.fromFd(fd, OPTIONS);
    } catch (error) {
      raw.close(fd);
      throw error;
    }
  });
}

/** A server. Emits 'connection' (socket, path of the client), 'error' and 'close'. */
class SeqpacketServer extends EventEmitter {
  #closed = false;
  /** @type {UnixSeqpacketListener | null} */
  #listener = null;
  #path = '';
  #referenced = true;

  #checkClosed() {
    if (this.#closed) throw new Error('SeqpacketServer has been closed');
  }

  /** Returns the path that it listens on, as it was given; '' for none yet. */
  address() {
    this.#checkClosed();
    return this.#path;
  }

  /**
   * @param {string} bindpath
   * @param {number} [backlog]
   */
  listen(bindpath, backlog = DEFAULT_BACKLOG) {
    this.#checkClosed();
    if (this.#listener !== null) throw systemError('EINVAL', 'bind');
    const address = addressToBind(bindpath);
    this.#listener = openSocket(UnixSeqpacketListener, (fd) => {
      raw.bind(fd, address);
      raw.listen(fd, backlog < 0 ? 0x7fffffff : backlog);
    });
    this.#path = bindpath;
    if (!this.#referenced) this.#listener.unref();
    this.#accept(this.#listener);
  }

  /** @param {UnixSeqpacketListener} listener */
  #accept(listener) {
    // What a listener of an event throws is an uncaught exception, and no rejection.
    listener.accept().then(
      (connection) => nextTick(() => this.#accepted(listener, connection)),
      (error) => this.#closed || nextTick(() => this.emit('error', reworded(error))),
    );
  }

  /**
   * @param {UnixSeqpacketListener} listener
   * @param {UnixSeqpacket} connection
   */
  #accepted(listener, connection) {
    if (this.#closed) {
      connection.close();
      return;
    }
    this.#accept(listener);
    const path = textOf(connection.peerAddress);
    this.emit('connection', new SeqpacketSocket(connection), path);
  }

  /** Emits 'close' before it returns. The socket file stays. */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener?.close();
    this.emit('close');
  }

  ref() {
    this.#referenced = true;
    this.#listener?.ref();
  }

  unref() {
    this.#referenced = false;
    this.#listener?.unref();
  }
}

/** A connection. Emits 'connect', 'data' (buffer), 'end', 'error' and 'close'. */
class SeqpacketSocket extends EventEmitter {
  /**
   * Null before `connect()`.
   * @type {UnixSeqpacket | null}
   */
  #socket = null;
  #destroyed = false;
  /** Whether `end()` was called. */
  #ending = false;
  #shutDown = false;
  #ended = false;
  #failed = false;
  #referenced = true;
  /** @type {(() => void) | undefined} */
  #shutdownCallback;
  /** Messages that wait for room. */
  #waiting = 0;
  #readSize = DEFAULT_READ_SIZE;

  /** @param {number | UnixSeqpacket} [connected] */
  constructor(connected) {
    super();
    if (!connected) return;
    this.#socket =
      connected instanceof UnixSeqpacket
        ? connected
        : rewording(() => UnixSeqpacket.fromFd(connected, OPTIONS));
    this.#receive(this.#socket);
  }

  #checkDestroyed() {
    if (this.#destroyed) throw new Error('SeqpacketSocket has been destroyed');
  }

  /**
   * Throws if nobody listens, and is closed then. 'connect' comes later.
   * @param {string} serverPath
   * @param {() => void} [connectCallback]
   */
  connect(serverPath, connectCallback) {
    this.#checkDestroyed();
    if (this.#socket !== null) throw systemError('EISCONN', 'connect');
    if (typeof serverPath !== 'string') throw new TypeError('serverPath must be a string');
    let socket;
    try {
      socket = openSocket(UnixSeqpacket, (fd) => raw.connect(fd, serverPath));
    } catch (error) {
      this.destroy();
      throw error;
    }
    this.#socket = socket;
    if (!this.#referenced) socket.unref();
    setImmediate(() => this.#connected(socket, connectCallback));
  }

  /**
   * @param {UnixSeqpacket} socket
   * @param {(() => void) | undefined} connectCallback
   */
  #connected(socket, connectCallback) {
    if (this.#destroyed) return;
    // The server may have closed without accepting.
    if ((raw.poll(socket.fd, raw.POLLOUT) & raw.POLLERR) !== 0) {
      this.#fail(systemError('ECONNRESET', 'connect'));
      return;
    }
    this.#receive(socket);
    this.emit('connect');
    connectCallback?.();
  }

  /** @param {UnixSeqpacket} socket */
  #receive(socket) {
    socket.onMessages((messages) => this.#deliver(messages), {
      onEnd: () => this.#end(),
      onError: (error) => this.#fail(error),
    });
  }

  /** @param {import('afunix').Message[]} messages */
  #deliver(messages) {
    let delivered = 0;
    try {
      for (const { data } of messages) {
        delivered++;
        if (!this.#destroyed) this.emit('data', data.subarray(0, this.#readSize));
      }
    } finally {
      // A listener threw: the rest is not lost.
      if (delivered < messages.length) nextTick(() => this.#deliver(messages.slice(delivered)));
    }
  }

  #end() {
    this.#ended = true;
    this.#closeAtEnd();
    this.emit('end');
  }

  /** @param {Error} error */
  #fail(error) {
    if (this.#failed) return;
    this.#failed = true;
    nextTick(() => {
      if (this.#destroyed) return;
      this.emit('error', reworded(error));
      this.destroy();
    });
  }

  #closeAtEnd() {
    if (this.#ended && this.#shutDown) this.destroy();
  }

  /**
   * Sends one message. `callback` is called before this returns, unless the peer is full.
   * @param {Uint8Array} buf
   * @param {number} [offset]
   * @param {number} [length]
   * @param {() => void} [callback]
   */
  write(buf, offset, length, callback) {
    this.#checkDestroyed();
    if (this.#ending) throw new Error('socket has been shutdown');
    const start = offset || 0;
    const data = sliceOf(buf, start, length || buf.length - start);
    const socket = this.#socket;
    let sent;
    try {
      if (socket === null) throw systemError('ENOTCONN', 'write');
      sent = this.#waiting === 0 && socket.trySend(data);
    } catch (error) {
      this.#fail(/** @type {Error} */ (error));
      return;
    }
    if (sent) callback?.();
    else this.#writeLater(socket, data, callback);
  }

  /**
   * @param {UnixSeqpacket} socket
   * @param {Uint8Array} data
   * @param {(() => void) | undefined} callback
   */
  #writeLater(socket, data, callback) {
    this.#waiting++;
    socket.send(data).then(
      () => nextTick(() => this.#written(callback)),
      (error) => this.#fail(error),
    );
  }

  /** @param {(() => void) | undefined} callback */
  #written(callback) {
    if (this.#destroyed) return;
    this.#waiting--;
    try {
      callback?.();
    } finally {
      if (this.#ending && this.#waiting === 0 && this.#socket !== null && !this.#destroyed) {
        this.#endWriting(this.#socket.fd);
      }
    }
  }

  /**
   * Ends the writing side once everything is written: before this returns, if nothing waits.
   * @param {() => void} [callback]
   */
  end(callback) {
    this.#checkDestroyed();
    if (this.#socket === null) throw systemError('ENOTCONN', 'shutdown');
    this.#shutdownCallback = callback;
    this.#ending = true;
    if (this.#waiting === 0) this.#endWriting(this.#socket.fd);
  }

  /** @param {number} fd */
  #endWriting(fd) {
    rewording(() => raw.shutdown(fd, raw.SHUT_WR));
    this.#shutDown = true;
    this.#closeAtEnd();
    const callback = this.#shutdownCallback;
    this.#shutdownCallback = undefined;
    callback?.();
  }

  getInternalReadBufferSize() {
    return this.#readSize;
  }

  /**
   * Truncates longer messages from now on.
   * @param {number} size
   */
  setInternalReadBufferSize(size) {
    if (!Number.isInteger(size) || size < 1) throw new TypeError('size must be a positive integer');
    this.#readSize = size;
  }

  ref() {
    this.#referenced = true;
    this.#socket?.ref();
  }

  unref() {
    this.#referenced = false;
    this.#socket?.unref();
  }

  /** Emits 'close' before it returns. Messages that wait are dropped, and their callbacks are not called. */
  destroy() {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#socket?.close();
    this.emit('close');
  }

  close() {
    this.destroy();
  }
}

exports.SeqpacketServer = SeqpacketServer;
exports.SeqpacketSocket = SeqpacketSocket;
