// The diagnostics channels of this package, and the traces of NODE_DEBUG=afunix, which subscribe to them. Without a
// subscriber a channel costs one look at `hasSubscribers`.
import { type Channel, channel } from 'node:diagnostics_channel';
import process from 'node:process';
import { debuglog } from 'node:util';
import type { UnixAddress } from './address.js';
import { type ErrorEvent, failures } from './errors.js';
import type { FileDescriptor } from './file-descriptor.js';
import { kImplementation, kPublic } from './symbols.js';

/** Published in `afunix:connect`: a socket has a peer. */
export interface ConnectEvent {
  /** The socket, of the class that its user holds. */
  readonly socket: object;
  /** The peer's address, as the program passed it. */
  readonly address: UnixAddress;
}

/** Published in `afunix:accept`: a connection is handed over. */
export interface AcceptEvent {
  /** The `Listener`, or the `Server` of `afunix/net`, that accepted the connection. */
  readonly listener: object;
  /** The connection; `authorize` has let it in. */
  readonly socket: object;
}

/**
 * Published in `afunix:message`, for each message, and on a stream for each read and write that moved
 * bytes. A message that is received with `peek` is published each time.
 */
export interface MessageEvent {
  /** The socket, of the class that its user holds. */
  readonly socket: object;
  /** Whether the message was sent or received. */
  readonly direction: 'sent' | 'received';
  /** The bytes of the message. They are valid until the subscriber returns. */
  readonly data: Uint8Array;
  /** The address that a datagram came from or was sent to. Null if that is the peer's. */
  readonly address: UnixAddress | null;
}

/** Published in `afunix:fds`, for each message that carries descriptors, before that is. */
export interface FdsEvent {
  /** The socket, of the class that its user holds. */
  readonly socket: object;
  /** Whether the descriptors were sent or received. */
  readonly direction: 'sent' | 'received';
  /** Received descriptors, which are the receiver's to close, or the numbers of sent ones. */
  readonly fds: readonly (FileDescriptor | number)[];
}

export const connectChannel: Channel = channel('afunix:connect');
export const acceptChannel: Channel = channel('afunix:accept');
export const messageChannel: Channel = channel('afunix:message');
export const fdsChannel: Channel = channel('afunix:fds');

/** Stands for a public socket, or is one. */
interface Internal {
  readonly [kPublic]?: object;
}

/** Returns the object that events report as `socket`: the public one, of the class that the user holds. */
const publicOf = (socket: object): object => (socket as Internal)[kPublic] ?? socket;

export function publishConnect(socket: object, address: UnixAddress): void {
  if (connectChannel.hasSubscribers)
    connectChannel.publish({ socket: publicOf(socket), address } satisfies ConnectEvent);
}

export function publishAccept(listener: object, socket: object): void {
  if (acceptChannel.hasSubscribers)
    acceptChannel.publish({ listener, socket } satisfies AcceptEvent);
}

/** Publishes a message. Call this only when `messageChannel` has subscribers: its arguments cost something. */
export function publishMessage(
  socket: object,
  direction: MessageEvent['direction'],
  data: Uint8Array,
  address: UnixAddress | null = null,
): void {
  messageChannel.publish({
    socket: publicOf(socket),
    direction,
    data,
    address,
  } satisfies MessageEvent);
}

export function publishFds(
  socket: object,
  direction: FdsEvent['direction'],
  fds: FdsEvent['fds'],
): void {
  if (fdsChannel.hasSubscribers)
    fdsChannel.publish({ socket: publicOf(socket), direction, fds } satisfies FdsEvent);
}

const trace = debuglog('afunix');
// Bun's has no `enabled`, and prints nothing unless it is asked for.
if (trace.enabled ?? process.env.NODE_DEBUG) {
  connectChannel.subscribe((event) => {
    const { socket, address } = event as ConnectEvent;
    trace('%s: connected to %s', nameOf(socket), address);
  });
  acceptChannel.subscribe((event) => {
    const { listener, socket } = event as AcceptEvent;
    trace('%s: accepted %s', nameOf(listener), nameOf(socket));
  });
  messageChannel.subscribe((event) => {
    const { socket, direction, data, address } = event as MessageEvent;
    const preposition = direction === 'sent' ? 'to' : 'from';
    const other = address === null ? '' : ` ${preposition} ${address.toString() || 'nobody'}`;
    trace('%s: %s %d bytes%s', nameOf(socket), direction, data.byteLength, other);
  });
  fdsChannel.subscribe((event) => {
    const { socket, direction, fds } = event as FdsEvent;
    trace('%s: %s %d descriptors', nameOf(socket), direction, fds.length);
  });
  failures.subscribe((event) => trace((event as ErrorEvent).error.message));
}

/** A socket of this package. */
interface Named {
  readonly fd?: number;
  readonly [kImplementation]?: { describe(): string };
}

function nameOf(socket: object): string {
  const { fd, [kImplementation]: implementation } = socket as Named;
  const name = implementation?.describe() ?? socket.constructor.name;
  return fd === undefined || name.endsWith(` ${fd}`) ? name : `${name} (${fd})`;
}
