// The ways to send to a destination. Each returns what the handle's call returned: -EAGAIN if it has to wait.
import { platform } from 'node:process';
import { addressOfBytes, bytesOfAddress, type UnixAddress } from '../core/address.js';
import type { Ancillary } from '../core/ancillary.js';
import { messageChannel, publishConnect, publishFds, publishMessage } from '../core/diagnostics.js';
import { systemError } from '../core/errors.js';
import { kOnPeerReset } from '../core/symbols.js';
import { nextTick } from '../core/timers.js';
import type { ConnectionChange } from '../io/message-options.js';
import type { Handle } from '../native/binding.js';
import {
  EAGAIN,
  ECONNREFUSED,
  ECONNRESET,
  EDESTADDRREQ,
  ENOENT,
  ENOTCONN,
} from '../native/errno.js';

/** The errors of a send when the connected peer is gone. */
const gone = new Set(
  platform === 'linux'
    ? [ECONNREFUSED, ENOTCONN]
    : [ECONNRESET, EDESTADDRREQ, ECONNREFUSED, ENOTCONN],
);

/**
 * Returns the error that the peer's end caused. If the peer goes in the middle of a sendmmsg(2), that call returns how
 * many went and drops the error, and the next call finds no peer. `cut`: the last call stopped before its end.
 */
export function causeOf(result: number, cut: boolean): number {
  return result === ENOTCONN && cut ? ECONNREFUSED : result;
}

export interface Destination {
  /** The address that errors name. */
  readonly address: UnixAddress | undefined;
  /** Whether poll(2) on the sender's socket reports when a message that had to wait can go. */
  readonly polled: boolean;
  /** Sends one message. Returns its bytes, or -errno. */
  send(data: Uint8Array, ancillary: Ancillary | undefined): number;
  /** Sends up to MAX_SEND_MANY messages. Returns how many went, or -errno. */
  sendMany(data: readonly Uint8Array[]): number;
}

/** Sends one message now. Returns its bytes, or -errno. */
export function transmit(
  handle: Handle,
  data: Uint8Array,
  to: Uint8Array | undefined,
  ancillary: Ancillary | undefined,
): number {
  const result =
    ancillary === undefined
      ? handle.send(data, to, 0)
      : handle.sendMessage(data, to, ancillary.fds, ancillary.credentials, 0);
  if (result < 0) return result;
  if (ancillary?.fds !== undefined) publishFds(handle.owner, 'sent', ancillary.fds);
  if (messageChannel.hasSubscribers) publishSent(handle, data, to);
  return result;
}

/** Sends messages now. Returns how many went, or -errno. */
function transmitMany(
  handle: Handle,
  data: readonly Uint8Array[],
  to: Uint8Array | undefined,
): number {
  const result = handle.sendMany(data, to);
  if (messageChannel.hasSubscribers && result > 0) {
    for (const message of data.slice(0, result)) publishSent(handle, message, to);
  }
  return result;
}

function publishSent(handle: Handle, data: Uint8Array, to: Uint8Array | undefined): void {
  publishMessage(handle.owner, 'sent', data, to === undefined ? null : addressOfBytes(to));
}

/** Sends to the connected peer. */
export class ConnectedPeer implements Destination {
  readonly #handle: Handle;

  constructor(handle: Handle) {
    this.#handle = handle;
  }

  get address(): UnixAddress | undefined {
    return undefined;
  }

  get polled(): boolean {
    return true;
  }

  send(data: Uint8Array, ancillary: Ancillary | undefined): number {
    return transmit(this.#handle, data, undefined, ancillary);
  }

  sendMany(data: readonly Uint8Array[]): number {
    return transmitMany(this.#handle, data, undefined);
  }

  /** Sets the peer, or forgets it. */
  connect(address: UnixAddress | undefined): number {
    if (address === undefined) return this.#handle.disconnect();
    const result = this.#handle.connect(bytesOfAddress(address));
    if (result >= 0) publishConnect(this.#handle.owner, address);
    return result;
  }
}

/** Sends to the connected peer, and when that is gone, to the next socket that is bound at its address. */
export class ReconnectingPeer extends ConnectedPeer {
  readonly #report: ((change: ConnectionChange) => void) | undefined;
  #address: UnixAddress | undefined;
  #connected = false;

  constructor(handle: Handle, report: ((change: ConnectionChange) => void) | undefined) {
    super(handle);
    this.#report = report;
  }

  override get address(): UnixAddress | undefined {
    return this.#address;
  }

  /** False without a peer: poll(2) reports writable then, and the send that follows is ENOTCONN. */
  override get polled(): boolean {
    return this.#connected;
  }

  override send(data: Uint8Array, ancillary: Ancillary | undefined): number {
    const result = super.send(data, ancillary);
    if (result >= 0 || !this.#hasLost(result)) return result;
    return this.#restore(result) ? this.#settled(super.send(data, ancillary)) : EAGAIN;
  }

  override sendMany(data: readonly Uint8Array[]): number {
    const result = super.sendMany(data);
    if (result >= 0 || !this.#hasLost(result)) return result;
    return this.#restore(result) ? this.#settled(super.sendMany(data)) : EAGAIN;
  }

  /** Sets the peer, which need not be there yet, or forgets it. */
  override connect(address: UnixAddress | undefined): number {
    const result = super.connect(address);
    const absent = result === ENOENT || result === ECONNREFUSED;
    if (result < 0 && !absent) return result;
    this.#address = address;
    this.#connected = result >= 0;
    if (absent) this.#reportChange(result, 'connect');
    return 0;
  }

  #hasLost(result: number): boolean {
    return this.#address !== undefined && gone.has(result);
  }

  /** Connects again. Returns whether the peer is there. `result`: the error that showed that it went. */
  #restore(result: number): boolean {
    this.#lose(result);
    if (super.connect(this.#address) < 0) return false;
    this.#connected = true;
    this.#reportChange(0, 'connect');
    return true;
  }

  /** Returns the result of a send after `#restore`, or -EAGAIN if the peer has gone again. */
  #settled(result: number): number {
    if (!this.#hasLost(result)) return result;
    this.#lose(result);
    return EAGAIN;
  }

  #lose(result: number): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#reportChange(result, 'send');
  }

  #reportChange(result: number, syscall: string): void {
    const address = this.#address;
    if (this.#report === undefined || address === undefined) return;
    nextTick(this.#report, {
      connected: result >= 0,
      address,
      error: result < 0 ? systemError(syscall, result, address) : null,
    });
  }
}

/** The socket that gets an error of its connected peer, which a send to another address met. */
interface ConnectedSocket {
  [kOnPeerReset](): void;
}

/** Sends to an address, whether or not the socket has a connected peer. */
export class AddressDestination implements Destination {
  readonly address: UnixAddress;
  readonly #handle: Handle;
  readonly #socket: ConnectedSocket;

  constructor(handle: Handle, address: UnixAddress, socket: ConnectedSocket) {
    this.#handle = handle;
    this.address = address;
    this.#socket = socket;
  }

  /** An unconnected socket is always writable. */
  get polled(): boolean {
    return false;
  }

  send(data: Uint8Array, ancillary: Ancillary | undefined): number {
    return sendTo(this.#handle, data, this.address, ancillary, this.#socket);
  }

  sendMany(data: readonly Uint8Array[]): number {
    const to = bytesOfAddress(this.address);
    const result = transmitMany(this.#handle, data, to);
    if (result !== ECONNRESET) return result;
    this.#socket[kOnPeerReset]();
    return transmitMany(this.#handle, data, to);
  }
}

/**
 * Sends one message to an address. ECONNRESET is an error of the connected peer, which any call on the
 * socket may return: it is reported there, and the message is sent again.
 */
export function sendTo(
  handle: Handle,
  data: Uint8Array,
  to: UnixAddress,
  ancillary: Ancillary | undefined,
  socket: ConnectedSocket,
): number {
  const address = bytesOfAddress(to);
  const result = transmit(handle, data, address, ancillary);
  if (result !== ECONNRESET) return result;
  socket[kOnPeerReset]();
  return transmit(handle, data, address, ancillary);
}
