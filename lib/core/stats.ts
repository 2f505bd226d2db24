import type { Handle } from '../native/binding.js';

/** The traffic in one direction. */
export interface Traffic {
  /** Messages; on a stream, the reads or writes that moved bytes; for a listener, connections. */
  readonly messages: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Descriptors that came or went with them; those over `maxFds`, which were closed, included. */
  readonly fds: number;
  /** Calls that found nothing to receive or accept, or no room to send (EAGAIN). */
  readonly again: number;
}

/** The messages that wait to be sent. */
export interface Queue {
  /** Messages; on a stream, writes. */
  readonly messages: number;
  /** The bytes that are left of them. */
  readonly bytes: number;
}

/** The work of a socket since it was made. Peeking does not count. */
export interface SocketStats {
  /** The traffic that it sent. */
  readonly sent: Traffic;
  /** The traffic that it received. */
  readonly received: Traffic;
  /** The messages that wait to be sent. */
  readonly queue: Queue;
}

/** As `SocketStats`. */
export interface DatagramStats extends SocketStats {
  /**
   * Receivers, other than the connected peer, that are full and are watched for room. Each costs the process one
   * descriptor meanwhile, whichever of its sockets wait for it; of one thread's at most 64 are watched.
   */
  readonly fullReceivers: number;
}

export const EMPTY_QUEUE: Queue = Object.freeze({ messages: 0, bytes: 0 });

const counts = new Float64Array(8);
const memory = new Uint8Array(counts.buffer);

/** Returns the counts of a handle, open or closed. */
export function statsOf(handle: Handle, queue: Queue): SocketStats {
  handle.stats(memory);
  return { sent: trafficAt(0), received: trafficAt(4), queue };
}

function trafficAt(index: number): Traffic {
  const [messages = 0, bytes = 0, fds = 0, again = 0] = counts.subarray(index);
  return { messages, bytes, fds, again };
}
