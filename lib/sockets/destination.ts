// The ways to a destination. What is sent returns as a handle does: -EAGAIN when it has to wait.
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

/** What a send says when nobody is bound at the connected peer's address any more. */
const gone = new Set(
  platform === 'linux'
    ? [ECONNREFUSED, ENOTCONN]
    : [ECONNRESET, EDESTADDRREQ, ECONNREFUSED, ENOTCONN],
);

/**
 * When the peer goes in the middle of a sendmmsg(2), the call tells how many went and drops the error; the
 * next one finds no peer. `cut`: the one before was such a call.
 */
export function causeOf(result: number, cut: boolean): number {
  return result === ENOTCONN && cut ? ECONNREFUSED : result;
}

export interface Destination {
  /** For errors. */
  readonly address: UnixAddress | undefined;
  /** Whether poll(2) tells when a message that had to wait can go. */
  readonly polled: boolean;
  /** One message: bytes, or -errno. */
  send(data: Uint8Array, ancillary: Ancillary | undefined): number;
  /** Up to MAX_SEND_MANY messages: how many went, or -errno. */
  sendMany(data: readonly Uint8Array[]): number;
}

/** Sends one message now: bytes, or -errno. */
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

/** Sends messages now: how many went, or -errno. */
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

/** To the connected peer. */
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

/** To the connected peer; once it is gone, to whoever is bound at its address next. */
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

  /** Without a peer poll(2) says writable, and the send that follows says ENOTCONN. */
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

  /** A peer that is not there yet is waited for. */
  override connect(address: UnixAddress | undefined): number {
    const result = super.connect(address);
    const absent = result === ENOENT || result === ECONNREFUSED;
    if (result < 0 && !absent) return result;
    this.#address = address;
    this.#connected = result >= 0;
    if (absent) this.#tell(result, 'connect');
    return 0;
  }

  #hasLost(result: number): boolean {
    return this.#address !== undefined && gone.has(result);
  }

  /** Whether the peer is there again. `result`: what told that it went. */
  #restore(result: number): boolean {
    this.#lose(result);
    if (super.connect(this.#address) < 0) return false;
    this.#connected = true;
    this.#tell(0, 'connect');
    return true;
  }

  /** The result of a send after `#restore`: the peer may have gone again. */
  #settled(result: number): number {
    if (!this.#hasLost(result)) return result;
    this.#lose(result);
    return EAGAIN;
  }

  #lose(result: number): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#tell(result, 'send');
  }

  #tell(result: number, syscall: string): void {
    const address = this.#address;
    if (this.#report === undefined || address === undefined) return;
    nextTick(this.#report, {
      connected: result >= 0,
      address,
      error: result < 0 ? systemError(syscall, result, address) : null,
    });
  }
}

/** What is told of the connected peer by a send to somebody else. */
interface ConnectedSocket {
  [kOnPeerReset](): void;
}

/** To an address, whoever the connected peer is. */
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
 * Sends one message to an address. ECONNRESET is news about the connected peer, which any call on
 * the socket fetches: it is handed on, and the message goes.
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
