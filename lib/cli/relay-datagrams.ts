// `relay` of datagrams: each sender has a socket of its own towards the other side, so that it is answered.
import type { Datagram, UnixAddress, UnixDatagram } from '../index.js';
import type { Context } from './context.js';
import { Forger } from './forger.js';
import { passOn } from './relay-connection.js';
import type { Direction, RelayLog } from './relay-log.js';
import { addressOf } from './sockets.js';

/** The most senders that are remembered. The one that was silent for longest is forgotten. */
const MAX_SENDERS = 256;

/** Passes datagrams on until the command is interrupted. */
export async function relayDatagrams(context: Context, log: RelayLog): Promise<void> {
  const { sockets, notes, activity, words } = context;
  const to = addressOf(words[1] as string);
  const front = await sockets.bound(context.address);
  notes.say(`bound to ${context.address}`);
  const forger = new Forger(notes);
  const senders = new Map<string, UnixDatagram>();

  const send = async (
    name: string,
    direction: Direction,
    message: Datagram,
    socket: UnixDatagram,
    address?: UnixAddress,
  ): Promise<void> => {
    const target = {
      send: (data: Uint8Array, options = {}): Promise<void> =>
        socket.send(data, address === undefined ? options : { ...options, to: address }),
    };
    activity.note();
    try {
      await passOn(message, forger, target, () => log.message(name, direction, message));
    } catch (error) {
      await log.fails(name, error, notes);
    }
  };

  const answer = async (name: string, from: UnixAddress, socket: UnixDatagram): Promise<void> => {
    for (;;) await send(name, 'in', await socket.receive(), front, from);
  };

  /** Returns the socket for a sender, which is new for a new one. */
  const socketFor = async (name: string, from: UnixAddress): Promise<UnixDatagram> => {
    const known = senders.get(name);
    senders.delete(name);
    const socket = known ?? (await sockets.answerable(to));
    senders.set(name, socket); // the last one of the map is the last one that sent
    if (known === undefined) {
      const [[oldest, unused] = []] = senders;
      if (senders.size > MAX_SENDERS && oldest !== undefined && unused !== undefined) {
        senders.delete(oldest);
        await sockets.release(unused);
      }
      answer(name, from, socket).catch((error) => {
        if (!socket.closed) activity.fail(error);
      });
    }
    return socket;
  };

  for (;;) {
    const message = await front.receive();
    const { from } = message;
    const name = from.kind === 'unnamed' ? 'unnamed' : from.toString();
    let socket: UnixDatagram;
    try {
      socket = await socketFor(name, from);
    } catch (error) {
      for (const fd of message.fds) fd.close();
      await log.fails(name, error, notes);
      continue;
    }
    await send(name, 'out', message, socket);
  }
}
