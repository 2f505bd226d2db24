// A receiver that does not read, and a sender that has filled its queue.
import { UnixDatagram } from 'afunix';
import type { Scratch } from './scratch.js';

/** Sends to `path` (undefined: the peer) until there is no room; returns how many went. */
export function fill(sender: UnixDatagram, to?: string): number {
  let sent = 0;
  const options = to === undefined ? undefined : { to };
  while (sender.trySend(`fill ${sent}`, options)) sent += 1;
  return sent;
}

/** Takes `count` messages, as text. */
export async function take(receiver: UnixDatagram, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) texts.push((await receiver.receive()).data.toString());
  return texts;
}

/** A receiver at a path of `scratch`. */
export function receiver(scratch: Scratch, name = 'receiver'): Promise<UnixDatagram> {
  return UnixDatagram.bind(scratch.path(name));
}
