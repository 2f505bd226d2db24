// Waits for room in a receiver that a socket is not connected to.
import { bytesOfAddress, type UnixAddress } from '../core/address.js';
import { RetryTimer } from '../core/retry-timer.js';
import { setImmediate } from '../core/timers.js';
import { type Handle, type HandleOwner, native, WRITABLE } from '../native/binding.js';
import { SOCK_DGRAM } from '../native/constants.js';
import { keyOf } from './datagram-batch.js';

/** Probes that one environment has at a time. Sends to further full receivers are repeated by a timer. */
const MAX_PROBES = 64;
/** Milliseconds without room after which a probe connects anew: another socket may be bound at the address. */
const RECONNECT = 1000;
/** The longest first pause, and the longest of all, in milliseconds. Each pause is random. */
const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 64;

/** A queue of messages for a full receiver. */
export interface RoomWaiter {
  /** Whether its waiting keeps the process alive. */
  readonly referenced: boolean;
  /**
   * Called when the receiver may have room. Sends what it takes, and waits again for the rest. Returns whether
   * anything went.
   */
  onRoom(): boolean;
}

/**
 * A socket that is connected to a full receiver, and sends nothing. poll(2) reports it as writable only when the
 * receiver has room, but an unconnected socket always (unix_dgram_poll() of the kernel). All sockets of an environment
 * that wait for one receiver share its probe.
 */
export class RoomProbe implements HandleOwner {
  static readonly #open = new Map<string, RoomProbe>();

  /** Returns the probe of a destination. Undefined if there are too many, or if it cannot be connected. */
  static of(address: UnixAddress): RoomProbe | undefined {
    const key = keyOf(address);
    let probe = RoomProbe.#open.get(key);
    if (probe !== undefined) return probe;
    if (RoomProbe.#open.size >= MAX_PROBES) return undefined;
    const handle = connected(address);
    if (handle === undefined) return undefined;
    probe = new RoomProbe(key, address, handle);
    RoomProbe.#open.set(key, probe);
    return probe;
  }

  readonly #key: string;
  readonly #address: UnixAddress;
  #handle: Handle;
  readonly #waiters = new Set<RoomWaiter>();
  /** Runs after a wake-up without room: each message that is taken wakes all processes that wait. */
  readonly #pause = new RetryTimer();
  readonly #reconnect = new RetryTimer(false);
  /** Whether there was room since the probe connected, or since the last second ended. */
  #found = false;
  #closing = false;
  #referenced = true;

  private constructor(key: string, address: UnixAddress, handle: Handle) {
    this.#key = key;
    this.#address = address;
    this.#handle = handle;
    handle.owner = this;
  }

  /** Calls `waiter.onRoom()` once, when there may be room. False if that cannot be watched. */
  wait(waiter: RoomWaiter): boolean {
    this.#waiters.add(waiter);
    if (!this.#pause.pending && !this.#arm()) {
      this.cancel(waiter);
      return false;
    }
    this.updateReference();
    return true;
  }

  /** Ends the wait of `waiter`. */
  cancel(waiter: RoomWaiter): void {
    if (!this.#waiters.delete(waiter)) return;
    this.updateReference();
    if (this.#waiters.size > 0) return;
    this.#pause.cancel();
    this.#handle.stop(WRITABLE);
    this.#closeUnused();
  }

  /** Keeps the process alive if one of the waiters does. */
  updateReference(): void {
    let referenced = false;
    for (const waiter of this.#waiters) referenced ||= waiter.referenced;
    if (referenced === this.#referenced) return;
    this.#referenced = referenced;
    if (referenced) this.#handle.ref();
    else this.#handle.unref();
    this.#pause.setReference(referenced);
  }

  #arm(): boolean {
    if (this.#handle.waitWritable() < 0) return false;
    if (!this.#reconnect.pending) this.#reconnect.after(RECONNECT, () => this.#connectAnew());
    return true;
  }

  /** Called by the handle: wakes the waiters in order, until one finds no more room. */
  onWritable(): void {
    let found = false;
    for (const waiter of this.#waiters) {
      // Deleted first: if it waits again, it is the last.
      this.#waiters.delete(waiter);
      found = waiter.onRoom() || found;
      if (this.#waiters.has(waiter)) break; // there is no more room
    }
    if (found) {
      this.#found = true;
      this.#pause.reset();
    } else if (this.#waiters.size > 0) {
      this.#giveWay();
    }
    if (this.#waiters.size === 0) this.#closeUnused();
  }

  /** Waits a random time, after other processes that were woken too have taken the room. */
  #giveWay(): void {
    this.#handle.stop(WRITABLE);
    this.#pause.after(Math.random() * this.#pause.nextDelay(FIRST_PAUSE, LONGEST_PAUSE), () => {
      if (!this.#arm()) this.onWritable();
    });
    this.updateReference();
  }

  /** Connects again after a second without room: another socket may be bound at the address. */
  #connectAnew(): void {
    if (this.#waiters.size === 0) return;
    if (this.#found) {
      this.#found = false;
      this.#reconnect.after(RECONNECT, () => this.#connectAnew());
      return;
    }
    const handle = connected(this.#address);
    if (handle !== undefined) {
      this.#handle.close();
      this.#handle = handle;
      handle.owner = this;
      if (!this.#referenced) handle.unref();
    }
    // If nobody is there, the senders' own calls get the error.
    if (handle === undefined || !this.#arm()) this.onWritable();
  }

  /** Closes the probe after a turn of the loop, unless a queue waits by then: most wait again at once. */
  #closeUnused(): void {
    if (this.#closing) return;
    this.#closing = true;
    setImmediate(() => {
      this.#closing = false;
      if (this.#waiters.size > 0) return;
      RoomProbe.#open.delete(this.#key);
      this.#reconnect.cancel();
      this.#handle.close();
    });
  }

  /** Not called: the probe receives nothing. */
  onReadable(): void {}
}

/** Returns a datagram socket that is connected to `address`. Undefined if there is no descriptor or no receiver. */
function connected(address: UnixAddress): Handle | undefined {
  const handle = native.sockets.open(SOCK_DGRAM);
  if (typeof handle === 'number') return undefined;
  if (handle.connect(bytesOfAddress(address)) === 0) return handle;
  handle.close();
  return undefined;
}
