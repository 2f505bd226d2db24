// UDP on the loopback interface: what node:dgram has. Both sides find each other's port in a file.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';

export async function server({ path, size }) {
  const message = Buffer.alloc(size, 1);
  const socket = createSocket('udp4', (_, { port }) => socket.send(message, port, '127.0.0.1'));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  writeFileSync(path, String(socket.address().port));
}

export async function client({ path, size, count }) {
  const message = Buffer.alloc(size, 1);
  const socket = createSocket('udp4');
  socket.connect(Number(readFileSync(path, 'utf8')), '127.0.0.1');
  await once(socket, 'connect');
  return () =>
    new Promise((resolve) => {
      let left = count;
      const next = () => {
        if (--left > 0) return socket.send(message);
        socket.off('message', next);
        resolve();
      };
      socket.on('message', next);
      socket.send(message);
    });
}
