'use strict';

const { setImmediate } = require('node:timers');
const { UnixStream } = require('afunix');
const { sendmsg } = require('afunix/raw');

// Captured: a test may fake the global one.
const { nextTick } = process;

/** The most descriptors that Linux lets a message have. */
const MAX_FDS = 253;

/**
 * What is written.
 * @typedef {object} Message
 * @property {Uint8Array} data
 * @property {number[]} fds
 * @property {((chunk: unknown) => void) | undefined} [callback]
 */

/**
 * Gives a system error the positive `errno` that usocket's errors have.
 * @template {Partial<import('afunix').SystemError>} E
 * @param {E} error
 */
function withErrno(error) {
  if (error.errno !== undefined) error.errno = Math.abs(error.errno);
  return error;
}

/** What is behind a USocket: a UnixStream, and the descriptors that it received. */
class Connection {
  #socket;
  #onConnectError;
  /**
   * Undefined while it connects, null once it is closed.
   * @type {UnixStream | undefined | null}
   */
  #stream;
  #abort = new AbortController();
  /**
   * Descriptors that nobody took yet. Those that the listeners of 'fds' know are numbers, and theirs.
   * @type {(import('afunix').FileDescriptor | number)[]}
   */
  #fds = [];
  /** Whether the socket wants bytes. */
  #wanted = false;
  /** Whether a receive is under way. */
  #receiving = false;
  #endReceived = false;
  #shutDown = false;
  /**
   * What waits for the connection: a write, the end.
   * @type {(() => void)[]}
   */
  #onOpen = [];

  /**
   * @param {import('node:stream').Duplex & { fd?: number | undefined }} socket
   * @param {(error: Error) => void} onConnectError
   */
  constructor(socket, onConnectError) {
    this.#socket = socket;
    this.#onConnectError = onConnectError;
  }

  /** How many descriptors there are to take. */
  get fdCount() {
    return this.#fds.length;
  }

  /** @param {string} path */
  connect(path) {
    const { signal } = this.#abort;
    // Never before the next phase of the loop: usocket connects in another thread.
    UnixStream.connect(path, { maxFds: MAX_FDS, signal }).then(
      (stream) => setImmediate(() => this.#open(stream)),
      (error) => setImmediate(() => this.#notConnected(error)),
    );
  }

  /**
   * Takes over a connected socket. Throws as `UnixStream.fromFd()`.
   * @param {number | UnixStream} connected
   */
  adopt(connected) {
    this.#stream =
      typeof connected === 'number' ? UnixStream.fromFd(connected, { maxFds: MAX_FDS }) : connected;
    this.#socket.fd = this.#stream.fd;
  }

  /** @param {UnixStream} stream */
  #open(stream) {
    if (this.#stream === null) {
      stream.close();
      return;
    }
    this.adopt(stream);
    this.#socket.emit('connected');
    for (const action of this.#onOpen.splice(0)) if (this.#stream) action();
    if (this.#stream && this.#wanted) this.#receive(this.#stream);
  }

  /** @param {import('afunix').SystemError} error */
  #notConnected(error) {
    if (this.#stream === null) return;
    withErrno(error);
    if (this.#onOpen.length > 0) this.#socket.destroy(error);
    else this.#onConnectError(error);
  }

  /** Receives until the buffer of the socket is full. */
  resume() {
    this.#wanted = true;
    if (this.#stream && !this.#endReceived) this.#receive(this.#stream);
  }

  /** @param {UnixStream} stream */
  #receive(stream) {
    if (this.#receiving) return;
    this.#receiving = true;
    // What a listener throws is an uncaught exception, and no rejection.
    stream.receive().then(
      (message) => nextTick(() => this.#received(message)),
      (error) => nextTick(() => this.#stream && this.#socket.destroy(withErrno(error))),
    );
  }

  /** @param {import('afunix').StreamMessage | null} message */
  #received(message) {
    this.#receiving = false;
    if (!this.#stream) {
      for (const fd of message?.fds ?? []) fd.close();
    } else if (message === null) {
      this.#endReceived = true;
      this.#socket.push(null);
      this.#closeAtEnd();
    } else if (message.controlTruncated) {
      for (const fd of message.fds) fd.close();
      const text = 'USocket received fds that were lost: the process has too many open';
      this.#socket.destroy(Object.assign(new Error(text), { code: 'EMFILE' }));
    } else {
      this.#wanted = false;
      this.#addFds([...message.fds]);
      if (this.#stream && this.#socket.push(message.data)) this.#wanted = true;
      // Who reads in a listener of 'readable' is called before the next message, and finds no later descriptors.
      if (this.#stream && this.#wanted) this.#receive(this.#stream);
    }
  }

  /** @param {import('afunix').FileDescriptor[]} fds */
  #addFds(fds) {
    if (fds.length === 0) return;
    if (this.#socket.listenerCount('fds') === 0) {
      this.#fds.push(...fds);
      return;
    }
    const numbers = fds.map((fd) => fd.detach());
    this.#fds.push(...numbers);
    this.#socket.emit('fds', numbers);
  }

  /**
   * Takes the first `count` descriptors, as numbers that are the caller's to close.
   * @param {number} count
   */
  takeFds(count) {
    return this.#fds.splice(0, count).map((fd) => (typeof fd === 'number' ? fd : fd.detach()));
  }

  /**
   * Puts descriptors back, before the others.
   * @param {number[]} fds
   */
  putBack(fds) {
    this.#fds.unshift(...fds);
  }

  /**
   * Writes a message, and calls the message's callback with `chunk`: before this returns, if the kernel takes all of it
   * at once.
   * @param {Message} message
   * @param {unknown} chunk
   * @param {(error?: Error | null) => void} done
   */
  write(message, chunk, done) {
    if (this.#stream === undefined) {
      this.#onOpen.push(() => this.write(message, chunk, done));
      return;
    }
    if (this.#stream === null) {
      done(new Error('USocket not connected'));
      return;
    }
    const { data, fds, callback } = message;
    let sent = 0;
    try {
      if (data.length > 0) sent = sendmsg(this.#stream.fd, { data, rights: fds });
    } catch (cause) {
      const error = /** @type {import('afunix').SystemError} */ (cause);
      if (error.code !== 'EAGAIN') {
        done(withErrno(error));
        return;
      }
    }
    const finished = () => {
      callback?.(chunk);
      done();
    };
    if (sent === data.length) {
      finished();
      return;
    }
    // Descriptors go with the first byte.
    this.#stream.write(data.subarray(sent), sent === 0 ? { fds } : {}).then(
      () => nextTick(finished),
      (error) => nextTick(done, withErrno(error)),
    );
  }

  /**
   * Ends the writing side once it is connected. All writes are done.
   * @param {(error?: Error | null) => void} done
   */
  finish(done) {
    if (this.#stream === undefined) {
      this.#onOpen.push(() => this.finish(done));
      return;
    }
    this.#shutDown = true;
    try {
      this.#stream?.shutdown('write');
    } catch {
      // The peer is gone, which a read says.
    }
    this.#socket.read(0);
    this.#closeAtEnd();
    done();
  }

  /** Closes once both sides have ended. What was received can still be read. */
  #closeAtEnd() {
    if (!this.#stream || !this.#shutDown || !this.#endReceived) return;
    this.#close();
    this.#socket.emit('close');
  }

  #close() {
    this.#abort.abort();
    this.#stream?.close();
    this.#stream = null;
  }

  /** Closes at once, with the descriptors that nobody took. */
  destroy() {
    this.#close();
    for (const fd of this.#fds.splice(0)) if (typeof fd !== 'number') fd.close();
  }
}

exports.Connection = Connection;
exports.MAX_FDS = MAX_FDS;
exports.withErrno = withErrno;
