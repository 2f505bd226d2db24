// Waiting for room in a receiver that a socket is not connected to.
import { bytesOfAddress, type UnixAddress } from '../core/address.js';
import { setImmediate } from '../core/timers.js';
import { RetryTimer } from '../io/retry-timer.js';
import { type Handle, type HandleOwner, native, WRITABLE } from '../native/binding.js';
import { SOCK_DGRAM } from '../native/constants.js';
import { keyOf } from './datagram-batch.js';

/** Probes of one environment at a time. A destination beyond them is tried again by timer. */
const MAX_PROBES = 64;
/** Milliseconds after which a probe connects anew: another socket may be bound at the address by now. */
const RECONNECT = 1000;
/** The longest pause in milliseconds, at first and at last. Each is random. */
const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 64;

/** Somebody with messages for a full receiver. */
export interface RoomWaiter {
  /** Whether its waiting keeps the process alive. */
  readonly referenced: boolean;
  /** The receiver may have room: sends what it takes, and waits again for the rest. Returns whether anything went. */
  onRoom(): boolean;
}

/**
 * A socket of its own, connected to a receiver: poll(2) says writable on an unconnected socket whatever its
 * receiver's queue is like, but on this one only when there is room (unix_dgram_poll() of the kernel). Nothing is
 * sent by it. All sockets of an environment that wait for a destination share its probe.
 */
export class RoomProbe implements HandleOwner {
  static readonly #open = new Map<string, RoomProbe>();

  /** Returns the probe of a destination, or undefined where none can be had. */
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
  /** While other processes are faster: each message that is taken wakes all who wait for the receiver. */
  readonly #pause = new RetryTimer();
  readonly #reconnect = new RetryTimer(false);
  /** There was room since the probe connected, or since `#reconnect` looked. */
  #found = false;
  #closing = false;

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

  /** Ends the wait of one. */
  cancel(waiter: RoomWaiter): void {
    if (!this.#waiters.delete(waiter)) return;
    this.updateReference();
    if (this.#waiters.size > 0) return;
    this.#pause.cancel();
    this.#handle.stop(WRITABLE);
    this.#closeUnused();
  }

  /** Keeps the process alive as those do who wait. */
  updateReference(): void {
    let referenced = false;
    for (const waiter of this.#waiters) referenced ||= waiter.referenced;
    if (referenced) this.#handle.ref();
    else this.#handle.unref();
    this.#pause.setReference(referenced);
  }

  #arm(): boolean {
    if (this.#handle.waitWritable() < 0) return false;
    if (!this.#reconnect.pending) this.#reconnect.after(RECONNECT, () => this.#connectAnew());
    return true;
  }

  /** The handle's event. */
  onWritable(): void {
    let found = false;
    for (const waiter of this.#waiters) {
      // Behind all others, if it waits again.
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

  /** Waits a random time: others, woken as well, have taken what room there was. */
  #giveWay(): void {
    this.#handle.stop(WRITABLE);
    this.#pause.after(Math.random() * this.#pause.nextDelay(FIRST_PAUSE, LONGEST_PAUSE), () => {
      if (!this.#arm()) this.onWritable();
    });
    this.updateReference();
  }

  /** Whoever is bound at the address now may not be who was when the probe was made. */
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
    }
    // Without a receiver there, the senders' own calls tell why.
    if (handle === undefined || !this.#arm()) this.onWritable();
    else this.updateReference();
  }

  /** Closes it when the loop has turned, unless somebody waits by then: most will wait again at once. */
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

  /** Nothing is received by it. */
  onReadable(): void {}
}

/** A datagram socket whose peer is at `address`. Undefined for want of a descriptor, or of a receiver. */
function connected(address: UnixAddress): Handle | undefined {
  const handle = native.sockets.open(SOCK_DGRAM);
  if (typeof handle === 'number') return undefined;
  if (handle.connect(bytesOfAddress(address)) === 0) return handle;
  handle.close();
  return undefined;
}
