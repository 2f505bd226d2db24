// `way`: 'descriptor' (one a message, acknowledged), 'connection' (an accepted TCP connection, handed to
// the other process, which answers on it).
import { closeSync, openSync } from 'node:fs';
import { load } from '../afunix.mjs';
import { connections } from '../lib/tcp.mjs';

const { UnixSeqpacket, UnixSeqpacketListener } = await load('index');

export async function server({ path, way }) {
  const listener = await UnixSeqpacketListener.bind(path, { maxFds: 1 });
  serve();

  async function serve() {
    const socket = await listener.accept();
    for (let message = await socket.receive(); message !== null; message = await socket.receive()) {
      const [fd] = message.fds;
      if (way === 'connection') {
        fd.toNetSocket().end('.');
      } else {
        fd.close();
        await socket.send('.');
      }
    }
  }
}

export async function client({ path, count, way }) {
  const socket = await UnixSeqpacket.connect(path);
  if (way === 'connection') {
    const send = async (connection) => {
      await socket.send('.', { fds: [connection] });
      connection.destroy();
    };
    return connections(send, count);
  }
  const fd = openSync('/dev/null', 'r');
  process.on('exit', () => closeSync(fd));
  return async () => {
    for (let left = count; left > 0; left--) {
      await socket.send('.', { fds: [fd] });
      await socket.receive();
    }
  };
}
