// One connection of `relay`, of any type that has connections.
import { setTimeout as delay } from 'node:timers/promises';
import type { Message, UnixSeqpacket, UnixStream } from '../index.js';
import type { Context } from './context.js';
import type { Forger } from './forger.js';
import type { Direction, RelayLog } from './relay-log.js';
import { CHECK_INTERVAL, Connection, isGone } from './talk.js';

let count = 0;

/** Connects to the other side, and passes on what both send until both have ended. Rejects if the log cannot be written. */
export async function relayConnection(
  { sockets, words, notes, activity }: Context,
  log: RelayLog,
  forger: Forger,
  socket: UnixStream | UnixSeqpacket,
): Promise<void> {
  count += 1;
  const name = `#${count}`;
  await log.event(name, 'connected', socket.peerCredentials());
  let other: UnixStream | UnixSeqpacket;
  try {
    other = await sockets.connected(words[1] as string);
  } catch (error) {
    await log.fails(name, error, isGone(error) ? undefined : notes);
    return sockets.release(socket);
  }
  const client = new Connection(socket);
  const server = new Connection(other);
  let ended = 0;
  const pass = async (from: Connection, to: Connection, direction: Direction): Promise<void> => {
    try {
      for (;;) {
        const message = await from.receive();
        if (message === null) break;
        await passOn(message, forger, to, () => log.message(name, direction, message));
        activity.note();
      }
      to.end();
      await log.event(name, direction === 'out' ? 'end >' : 'end <');
      ended += 1;
      // A side that is gone, and has not only ended, takes nothing any more.
      while (ended < 2 && !from.gone) await delay(CHECK_INTERVAL);
      to.refuse();
    } catch (error) {
      ended += 1;
      from.refuse();
      to.end();
      await log.fails(name, error, isGone(error) ? undefined : notes);
    }
  };
  await Promise.all([pass(client, server, 'out'), pass(server, client, 'in')]);
  await Promise.all([sockets.release(socket), sockets.release(other)]);
  await log.event(name, 'closed');
}

/** Logs and sends a message, and closes its descriptors. */
export async function passOn(
  message: Message,
  forger: Forger,
  to: Connection | Parameters<Forger['send']>[0],
  log: () => Promise<void>,
): Promise<void> {
  try {
    await log();
    await forger.send(to, message);
  } finally {
    for (const fd of message.fds) fd.close();
  }
}
