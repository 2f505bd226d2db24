// `way`: 'descriptor' (one a message, acknowledged, by callbacks), 'awaited' (the same, by promises), 'connection' (accepted TCP connections, handed to
// the other process, which answers when it has all of them), 'socket' (the same, as a net.Socket each).
import { closeSync, openSync } from 'node:fs';
import { load } from '../afunix.mjs';
import { connections } from '../lib/tcp.mjs';

const { UnixSeqpacket, UnixSeqpacketListener } = await load('index');

export async function server({ path, count, way }) {
  const listener = await UnixSeqpacketListener.bind(path, { maxFds: 1 });
  serve();

  async function serve() {
    const socket = await listener.accept();
    if (way === 'descriptor') {
      socket.onMessages((messages) => {
        for (const { fds } of messages) {
          fds[0].close();
          socket.trySend('.');
        }
      });
      return;
    }
    let kept = [];
    for (let message = await socket.receive(); message !== null; message = await socket.receive()) {
      const [fd] = message.fds;
      if (way === 'awaited') {
        fd.close();
        await socket.send('.');
        continue;
      }
      kept.push(way === 'socket' ? fd.toNetSocket() : fd);
      if (kept.length < count) continue;
      await socket.send('.');
      for (const each of kept) way === 'socket' ? each.destroy() : each.close();
      kept = [];
    }
  }
}

export async function client({ path, count, way }) {
  const socket = await UnixSeqpacket.connect(path);
  if (way === 'connection' || way === 'socket') {
    const hand = async (accepted) => {
      for (const connection of accepted) {
        await socket.send('.', { fds: [connection] });
        connection.destroy();
      }
      await socket.receive();
    };
    return connections(hand, count);
  }
  const fd = openSync('/dev/null', 'r');
  process.on('exit', () => closeSync(fd));
  if (way === 'descriptor') {
    let next;
    socket.onMessages(() => next());
    return () =>
      new Promise((resolve) => {
        let left = count;
        next = () => (left-- > 0 ? socket.trySend('.', { fds: [fd] }) : resolve());
        next();
      });
  }
  return async () => {
    for (let left = count; left > 0; left--) {
      await socket.send('.', { fds: [fd] });
      await socket.receive();
    }
  };
}
