// One generation of a server: from what its predecessor leaves to the successor that replaces it.
import type { AddressLike } from '../core/address.js';
import { type CONSTRUCTING, checkConstructing } from '../core/constructing.js';
import { Deferred } from '../core/deferred.js';
import {
  closedError,
  codedError,
  invalidArgType,
  invalidArgValue,
  invalidState,
} from '../core/errors.js';
import { closeAll, descriptorsOf, type FdLike, MAX_FDS } from '../core/fd-like.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import { Known } from '../core/known.js';
import { kRetire } from '../core/symbols.js';
import { nextTick } from '../core/timers.js';
import { checkSignal, optionsOf } from '../core/validate.js';
import { Listener } from '../sockets/listener.js';
import type { UnixListener } from '../sockets/stream-listener.js';
import { Channel, isGone } from './channel.js';
import { type HandoverListenOptions, listenOptionsOf, startListening } from './listen.js';
import { offerTo, warn } from './offer.js';
import type { HandoverChannel, Message, Settings } from './protocol.js';
import { type AnyServer, isServer, Retiring } from './retire.js';

/** Options of `ready`. */
export interface ReadyOptions {
  /** Gives up waiting until the predecessor has stopped, with an `AbortError`. */
  signal?: AbortSignal;
}

const READY = new Known<ReadyOptions>('ready', { signal: 1 });

/** What the predecessor said last: that it has stopped, or that it goes on. It may also have ended without either. */
type Verdict = 'stopped' | 'expired' | 'gone';

/** A server that listens once `ready()` is called. */
interface Planned {
  readonly name: string;
  readonly server: AnyServer;
  readonly options: HandoverListenOptions;
}

/**
 * One generation of a server, made by `takeOver()`. It has the listening sockets of its predecessor, and hands them on to the
 * process that replaces it. A socket that listens has the same queue all the time, so that no connection is refused.
 *
 * It does not keep the process alive: its servers do.
 */
export class Handover implements AsyncDisposable {
  /**
   * Resolves with true once a successor is ready: this process accepts nothing more then. With false if `close()` comes
   * before. Never rejects.
   */
  readonly replaced: Promise<boolean>;
  /**
   * Resolves once this process is replaced and the last connection of its servers has ended, or with `close()`. Never
   * rejects.
   */
  readonly finished: Promise<void>;
  readonly #control: UnixListener;
  readonly #settings: Settings;
  readonly #inherited: Map<string, FileDescriptor>;
  readonly #predecessor: HandoverChannel | undefined;
  readonly #verdict: Promise<Verdict>;
  readonly #planned: Planned[] = [];
  readonly #offers = new Map<string, FdLike>();
  readonly #retiring = new Map<unknown, Retiring>();
  #begun = false;
  #closed = false;
  #successor: HandoverChannel | undefined;
  #givesConnections = false;
  readonly #replaced = new Deferred<boolean>();
  readonly #finished = new Deferred<void>();

  /** @internal Takes over the socket of handovers, the channel and what came. */
  constructor(
    key: typeof CONSTRUCTING,
    control: UnixListener,
    settings: Settings,
    predecessor?: HandoverChannel,
    inherited: Map<string, FileDescriptor> = new Map(),
  ) {
    checkConstructing(key, 'Handover', 'takeOver()');
    this.replaced = this.#replaced.promise;
    this.finished = this.#finished.promise;
    this.#control = control.unref();
    this.#settings = settings;
    this.#predecessor = predecessor;
    this.#inherited = inherited;
    this.#verdict = predecessor === undefined ? Promise.resolve('gone') : this.#hear(predecessor);
  }

  /** The names that the predecessor offered and that nobody took. Empty without a predecessor. */
  get names(): string[] {
    return [...this.#inherited.keys()];
  }

  /**
   * Returns what the predecessor offered by this name, the caller's to close; undefined if there is nothing, or if it was
   * taken. For listeners of `afunix`: `UnixListener.fromFd(descriptor)`.
   */
  take(name: string): FileDescriptor | undefined {
    const fd = this.#inherited.get(name);
    this.#inherited.delete(name);
    return fd;
  }

  /**
   * Offers a descriptor to successors. Servers and listeners among them stop accepting when a successor is ready: those of
   * Node.js and `afunix/net`, which then end as `listen()` says, and those of `afunix`, which are closed. Others, such as
   * datagram sockets, are this process's to close. What is closed by then is not offered. Throws `ERR_INVALID_ARG_VALUE` for
   * a name that is used, and for more than 252 names.
   *
   * A server of `node:net` that has bound a path itself removes the file when it stops: have it listen by `listen()`.
   */
  offer(name: string, descriptor: FdLike): void {
    this.#checkName(name);
    descriptorsOf([descriptor]);
    if (isServer(descriptor)) this.#follow(descriptor);
    this.#offers.set(name, descriptor);
  }

  /**
   * Has a server listen once `ready()` is called: on what the predecessor offered by this name, else at a port or path. Returns the
   * server. The name stands for the address. A server that is to listen elsewhere needs another name.
   *
   * When a successor is ready the server stops accepting, and serves what it has accepted. Responses of HTTP/1 say
   * `Connection: close` from then on, and connections without a request are closed after `idleTimeout`. Sessions of HTTP/2
   * end with the streams that they have. Other connections end when the program or the peer ends them.
   *
   * Takes servers of node:net, node:tls, node:http, node:https and node:http2, attached or not, and those of `afunix/net`.
   */
  listen<S extends AnyServer>(
    name: string,
    server: S,
    options: HandoverListenOptions | AddressLike | number,
  ): S {
    this.#checkName(name);
    if (!isServer(server)) {
      throw invalidArgType('server', 'a server of Node.js or afunix/net', server);
    }
    if (this.#begun) throw invalidState('the handover is ready already');
    const planned = { name, server, options: listenOptionsOf(server, options) };
    if (server.listening) throw invalidState('the server listens already');
    this.#follow(server);
    this.#planned.push(planned);
    return server;
  }

  /**
   * Begins: the servers of `listen()` listen, then the predecessor stops accepting. Resolves when it has, or has ended. From
   * then on this process hands over to successors. What the predecessor offered and nobody took is closed.
   *
   * Rejects with the error of a server that cannot listen, and with ETIMEDOUT if the predecessor has not waited so long. Both
   * close this object and its servers, and the predecessor goes on. Rejects with an `AbortError` if the
   * predecessor does not answer; this process is ready all the same.
   */
  async ready(options?: ReadyOptions): Promise<void> {
    const { signal } = optionsOf(options, READY);
    checkSignal(signal);
    if (this.#closed) throw closedError();
    if (this.#begun) throw invalidState('the handover is ready already');
    this.#begun = true;
    try {
      await this.#listenAll();
    } catch (error) {
      await this.#giveUp();
      throw error;
    }
    closeAll([...this.#inherited.values()]);
    this.#inherited.clear();
    const takesConnections = this.#settings.onConnection !== undefined;
    await this.#predecessor?.send({ type: 'ready', takesConnections }).catch(() => {}); // it has died
    const begun = new Deferred<void>(signal);
    this.#verdict
      .then((verdict) => this.#begin(verdict))
      .then(
        () => begun.resolve(),
        (error) => begun.reject(error),
      );
    await begun.promise;
  }

  /**
   * Gives the successor a connection, with `data` as JSON. Its `onConnection` is called with both. Resolves with true when it is on
   * its way: close the connection here then, by `destroy()`. With false if there is no successor, or none that takes
   * connections: this process goes on with it. Bytes that were read here do not go along.
   */
  async give(connection: FdLike, data?: unknown): Promise<boolean> {
    if (this.#successor === undefined || !this.#givesConnections) return false;
    try {
      await this.#successor.send({ type: 'connection', data }, [connection]);
      return true;
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }

  /**
   * Ends handing over, and leaves the servers as they are. A predecessor that still accepts goes on. Idempotent. The
   * file of the socket of handovers stays, for the next process.
   */
  async close(): Promise<void> {
    this.#closed = true;
    closeAll([...this.#inherited.values()]);
    this.#inherited.clear();
    await Promise.all([
      this.#control.close(),
      this.#predecessor?.close(),
      this.#successor?.close(),
    ]);
    this.#replaced.resolve(false);
    this.#finished.resolve();
  }

  /** Calls `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #checkName(name: unknown): asserts name is string {
    if (this.#closed) throw closedError();
    if (typeof name !== 'string') throw invalidArgType('name', 'of type string', name);
    if (this.#offers.has(name) || this.#planned.some((planned) => planned.name === name)) {
      throw invalidArgValue('name', 'is used already', name);
    }
    // One descriptor of a message is the socket of handovers.
    if (this.#offers.size + this.#planned.length >= MAX_FDS - 1) {
      throw invalidArgValue(
        'name',
        `is one more than a message has room for (${MAX_FDS - 1})`,
        name,
      );
    }
  }

  #follow(server: AnyServer): void {
    if (!this.#retiring.has(server)) this.#retiring.set(server, new Retiring(server));
  }

  async #listenAll(): Promise<void> {
    const listening = this.#planned.splice(0).map(async ({ name, server, options }) => {
      await startListening(server, options, this.take(name));
      this.#offers.set(name, server);
    });
    const results = await Promise.allSettled(listening);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  /** Waits for what the predecessor says of its end. Later messages bring its connections. */
  async #hear(predecessor: HandoverChannel): Promise<Verdict> {
    const received = await predecessor.receive();
    if (received?.message.type === 'stopped') return 'stopped';
    await predecessor.close();
    return received?.message.type === 'expired' ? 'expired' : 'gone';
  }

  async #begin(verdict: Verdict): Promise<void> {
    if (verdict === 'expired') {
      await this.#giveUp();
      const message = 'ready ETIMEDOUT: the predecessor goes on (see the option readyTimeout)';
      throw codedError(Error, 'ETIMEDOUT', message);
    }
    if (this.#closed) throw closedError();
    if (verdict === 'stopped') this.#receiveConnections().catch(warn);
    this.#serve().catch(warn);
  }

  /** Ends before the predecessor has: it goes on, with all that listens. */
  async #giveUp(): Promise<void> {
    this.#retireServers().catch(warn);
    await this.close();
  }

  async #receiveConnections(): Promise<void> {
    const channel = this.#predecessor as HandoverChannel;
    channel.unref();
    for (;;) {
      const received = await channel.receive();
      if (received?.message.type !== 'connection') break;
      const [fd] = received.fds;
      const { onConnection } = this.#settings;
      if (fd === undefined) continue; // EMFILE
      if (onConnection === undefined) fd.close();
      else nextTick(onConnection, fd, received.message.data);
    }
    await channel.close();
  }

  /** Serves one successor after the other, until one is ready. */
  async #serve(): Promise<void> {
    for await (const connection of this.#control) {
      const channel: HandoverChannel = new Channel<Message>(connection.unref());
      if (await this.#handOver(channel)) return;
      await channel.close();
    }
  }

  /** Returns whether the successor has taken over. */
  async #handOver(channel: HandoverChannel): Promise<boolean> {
    const takesConnections = await offerTo(channel, this.#settings, this.#control, this.#offers);
    if (takesConnections === undefined || this.#closed) return false;
    this.#successor = channel;
    this.#givesConnections = takesConnections;
    await this.#retire();
    await channel.send({ type: 'stopped' }).catch(() => {}); // it is gone
    this.#replaced.resolve(true);
    return true;
  }

  /** Stops all that accepts. */
  #retire(): Promise<void> {
    this.#retireServers().then(
      () => this.#finished.resolve(),
      (error) => this.#finished.reject(error),
    );
    for (const descriptor of this.#offers.values()) {
      if (descriptor instanceof Listener) descriptor[kRetire]();
    }
    return this.#control.close();
  }

  /** Resolves when the last connection of a server has ended. */
  async #retireServers(): Promise<void> {
    const { idleTimeout } = this.#settings;
    await Promise.all([...this.#retiring.values()].map((retiring) => retiring.retire(idleTimeout)));
  }
}
