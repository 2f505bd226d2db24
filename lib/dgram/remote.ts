// Addresses and senders as a `Socket` of afunix/dgram describes them.
import { bytesOfAddress, type UnixAddress } from '../core/address.js';
import type { Datagram } from '../io/message.js';
import type { AddressInfo, RemoteInfo } from './types.js';

/** Returns what `address()` of a socket returns for an address. */
export function infoOf(address: UnixAddress): AddressInfo {
  const bytes = bytesOfAddress(address);
  return { address: Buffer.from(bytes).toString(), family: 'unix', path: address.path };
}

/** Returns the second argument of a 'message' event. */
export function remoteOf(datagram: Datagram): RemoteInfo {
  const { from, size, truncated, fds, credentials, timestamp } = datagram;
  return { ...infoOf(from), size, truncated, from, fds, credentials, timestamp };
}
