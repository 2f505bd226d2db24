'use strict';

const { EventEmitter } = require('node:events');
const { UnixDatagram } = require('afunix');
const raw = require('afunix/raw');
const { addressToBind, NO_LIMIT, sliceOf, textOf } = require('./arguments.js');
const { reworded, rewording, systemError } = require('./errors.js');

// Captured: a test may fake the global one.
const { nextTick } = process;

/** A datagram socket. Emits 'data' (buffer, path of the sender), 'error' and 'close'. */
class DgramSocket extends EventEmitter {
  #closed = false;
  #path = '';
  #socket = UnixDatagram.unbound({ sendQueueLimit: NO_LIMIT });

  constructor() {
    super();
    this.#socket.onMessages(
      (messages) => {
        for (const { data, from } of messages) {
          nextTick(() => this.emit('data', data, textOf(from)));
        }
      },
      { onError: (error) => this.#fail(error) },
    );
  }

  /** @param {Error} error */
  #fail(error) {
    this.close();
    this.emit('error', reworded(error));
  }

  #checkClosed() {
    if (this.#closed) throw new Error('DgramSocket has been closed');
  }

  /** @param {string} socketPath */
  bind(socketPath) {
    this.#checkClosed();
    const address = addressToBind(socketPath);
    rewording(() => raw.bind(this.#socket.fd, address));
    this.#path = socketPath;
  }

  /**
   * Sends `length` bytes. `onWrite` is called before this returns, unless the receiver is full.
   * @param {Uint8Array} buf
   * @param {number} offset
   * @param {number} length
   * @param {string} destPath
   * @param {(error?: Error) => void} [onWrite]
   */
  sendTo(buf, offset, length, destPath, onWrite) {
    this.#checkClosed();
    const data = sliceOf(buf, offset, length);
    let sent;
    try {
      sent = this.#socket.trySend(data, { to: destPath });
    } catch (cause) {
      const error = /** @type {import('afunix').SystemError} */ (cause);
      if (error.syscall === undefined) throw error;
      onWrite?.(reworded(error));
      return;
    }
    if (sent) onWrite?.();
    else this.#sendLater(data, destPath, onWrite);
  }

  /**
   * @param {Uint8Array} data
   * @param {string} to
   * @param {((error?: Error) => void) | undefined} onWrite
   */
  #sendLater(data, to, onWrite) {
    this.#socket.send(data, { to }).then(
      () => this.#closed || nextTick(() => onWrite?.()),
      (error) => this.#closed || nextTick(() => onWrite?.(reworded(error))),
    );
  }

  /** Returns the socket itself. Throws once it is closed. */
  get #open() {
    if (this.#closed) throw systemError('EBADF', 'getsockopt');
    return this.#socket;
  }

  getRecvBufferSize() {
    return this.#open.receiveBufferSize;
  }

  /** @param {number} size */
  setRecvBufferSize(size) {
    this.#open.receiveBufferSize = size;
  }

  getSendBufferSize() {
    return this.#open.sendBufferSize;
  }

  /** @param {number} size */
  setSendBufferSize(size) {
    this.#open.sendBufferSize = size;
  }

  /** Returns the path that it is bound to, as it was given; '' for none. */
  address() {
    return this.#open && this.#path;
  }

  /** Emits 'close' before it returns. Messages that wait are dropped, and their callbacks are not called. */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
    this.emit('close');
  }
}

exports.DgramSocket = DgramSocket;
