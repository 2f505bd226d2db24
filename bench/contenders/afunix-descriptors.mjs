// `way`: 'descriptor' (one a message, acknowledged, by callbacks), 'connection' (accepted TCP connections, handed to the
// other process, which answers when it has all of them).
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
    const kept = [];
    for (let message = await socket.receive(); message !== null; message = await socket.receive()) {
      kept.push(message.fds[0]);
      if (kept.length < count) continue;
      await socket.send('.');
      for (const fd of kept.splice(0)) fd.close();
    }
  }
}

export async function client({ path, count, way }) {
  const socket = await UnixSeqpacket.connect(path);
  if (way === 'connection') {
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
  let next;
  socket.onMessages(() => next());
  return () =>
    new Promise((resolve) => {
      let left = count;
      next = () => (left-- > 0 ? socket.trySend('.', { fds: [fd] }) : resolve());
      next();
    });
}
