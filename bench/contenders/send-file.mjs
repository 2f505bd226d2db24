// A file of `count` times `size` bytes to a stream that reads it. `sender`: 'sendFile' of afunix, or 'node', which has
// node:fs read it into a socket of node:net.
import { createReadStream, openSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { load } from '../afunix.mjs';

const { UnixStream } = await load('index');

const senders = {
  async sendFile(path, file) {
    const stream = await UnixStream.connect(path);
    const fd = openSync(file);
    return async () => {
      await stream.sendFile(fd);
      await stream.read();
    };
  },
  node(path, file) {
    const socket = net.connect(path);
    return () =>
      new Promise((resolve) => {
        createReadStream(file).pipe(socket, { end: false });
        socket.once('data', resolve);
      });
  },
};

export function client({ path, size, count, sender }) {
  const file = `${path}-file`;
  writeFileSync(file, Buffer.alloc(size * count, 1));
  return senders[sender](path, file);
}
