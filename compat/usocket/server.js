'use strict';

const { EventEmitter } = require('node:events');
const { setImmediate } = require('node:timers');
const { UnixListener } = require('afunix');
const { MAX_FDS, withErrno } = require('./connection.js');
const { fromStream } = require('./socket.js');

const { nextTick } = process;

const DEFAULT_BACKLOG = 16;

/**
 * What accepts for servers, from `listen()` on.
 * @type {WeakMap<object, Acceptor>}
 */
const acceptors = new WeakMap();

/** The methods of a UServer. It has no private members: `UServer()` may be called for an object that is there. */
class Server extends EventEmitter {
  paused = false;
  listening = false;
  /**
   * Set when it listens, as by usocket.
   * @type {number | undefined}
   */
  fd;

  /** @param {any[]} values */
  listen(...values) {
    if (acceptors.has(this) || this.listening) {
      throw new Error('listen on already listened UServer');
    }
    const { path, backlog, callback } = listenArguments(values);
    if (typeof path !== 'string' || typeof backlog !== 'number') {
      throw new Error('UServer expects valid path');
    }
    if (typeof callback === 'function') this.once('listening', callback);
    const acceptor = new Acceptor(this);
    acceptors.set(this, acceptor);
    acceptor.listen(path, backlog);
  }

  pause() {
    this.paused = true;
    acceptors.get(this)?.pause();
  }

  resume() {
    this.paused = false;
    acceptors.get(this)?.resume();
  }

  close() {
    acceptors.get(this)?.close();
    acceptors.delete(this);
  }
}

/** @param {any[]} values */
function listenArguments([path, backlog, callback]) {
  if (typeof path === 'object' && path !== null) {
    return { path: path.path, backlog: path.backlog || DEFAULT_BACKLOG, callback: backlog };
  }
  if (typeof backlog === 'function') return { path, backlog: DEFAULT_BACKLOG, callback: backlog };
  return { path, backlog: backlog || DEFAULT_BACKLOG, callback };
}

/**
 * Makes a UServer. A function, not a class: a program may inherit from it with `util.inherits()`.
 * @this {Server}
 */
function UServer() {
  EventEmitter.call(this);
  this.paused = false;
  this.listening = false;
}

UServer.prototype = Server.prototype;
UServer.prototype.constructor = UServer;
Object.setPrototypeOf(UServer, EventEmitter);

/** Accepts the connections of one UServer. */
class Acceptor {
  #server;
  /** @type {UnixListener | null} */
  #listener = null;
  #closed = false;
  /**
   * Stops the accept that is under way.
   * @type {AbortController | null}
   */
  #accepting = null;
  /**
   * Connections that came just when the server was paused.
   * @type {import('afunix').UnixStream[]}
   */
  #held = [];

  /** @param {Server} server */
  constructor(server) {
    this.#server = server;
  }

  /**
   * @param {string} path
   * @param {number} backlog
   */
  listen(path, backlog) {
    UnixListener.bind(path, {
      backlog,
      maxFds: MAX_FDS,
      // As usocket, but for the path of a live server.
      replace: 'stale',
      unlinkOnClose: false,
      allowUnsafePath: true,
    }).then(
      (listener) => setImmediate(() => this.#listening(listener)),
      (error) => setImmediate(() => this.#fail(error)),
    );
  }

  /** @param {UnixListener} listener */
  #listening(listener) {
    if (this.#closed) {
      listener.close();
      return;
    }
    this.#listener = listener;
    this.#server.fd = listener.fd;
    this.#server.emit('listening');
    this.#server.listening = true;
    this.resume();
  }

  /** @param {import('afunix').SystemError} error */
  #fail(error) {
    if (this.#closed) return;
    this.#server.close();
    this.#server.emit('error', withErrno(error));
  }

  get #ready() {
    return this.#listener !== null && !this.#closed && !this.#server.paused;
  }

  resume() {
    while (this.#ready && this.#held.length > 0) this.#emit(this.#held.shift());
    if (this.#listener === null || !this.#ready || this.#accepting !== null) return;
    const abort = new AbortController();
    this.#accepting = abort;
    // What a listener throws is an uncaught exception, and no rejection.
    this.#listener.accept({ signal: abort.signal }).then(
      (stream) => nextTick(() => this.#accepted(stream, abort)),
      (error) => abort.signal.aborted || nextTick(() => this.#fail(error)),
    );
  }

  /**
   * @param {import('afunix').UnixStream} stream
   * @param {AbortController} abort
   */
  #accepted(stream, abort) {
    if (this.#accepting === abort) this.#accepting = null;
    if (this.#closed) stream.close();
    else this.#held.push(stream);
    this.resume();
  }

  /** @param {import('afunix').UnixStream | undefined} stream */
  #emit(stream) {
    if (stream !== undefined) this.#server.emit('connection', fromStream(stream));
  }

  pause() {
    this.#accepting?.abort();
    this.#accepting = null;
  }

  close() {
    this.#closed = true;
    this.pause();
    this.#listener?.close();
    for (const stream of this.#held.splice(0)) stream.close();
  }
}

exports.UServer = UServer;
