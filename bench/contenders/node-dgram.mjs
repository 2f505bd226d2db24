// UDP on the loopback interface: what node:dgram has. Both sides find each other's port in a file. `way`:
// undefined (round trip), 'bulk' (one way), 'idle' (sockets that are open and silent).
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';

/** UDP drops what finds no room: so many are on their way at most, and the receiver says when they are there. */
const windowOf = ({ way, size }) => (way === 'bulk' && size <= 4096 ? 64 : 1);

export async function server(options) {
  const { path, size } = options;
  const window = windowOf(options);
  const message = Buffer.alloc(size, 1);
  let received = 0;
  const socket = createSocket('udp4', (_, { port }) => {
    if (++received % window !== 0) return;
    socket.send(message, port, '127.0.0.1');
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  writeFileSync(path, String(socket.address().port));
}

export async function client(options) {
  const { path, size, count, way } = options;
  if (way === 'idle') return () => openIdle(count);
  const message = Buffer.alloc(size, 1);
  const socket = createSocket('udp4');
  socket.connect(Number(readFileSync(path, 'utf8')), '127.0.0.1');
  await once(socket, 'connect');
  const window = windowOf(options);
  return () =>
    new Promise((resolve) => {
      let left = count - (count % window);
      const next = () => {
        if (left === 0) {
          socket.off('message', next);
          return resolve();
        }
        left -= window;
        for (let i = 0; i < window; i++) socket.send(message);
      };
      socket.on('message', next);
      next();
    });
}

const idle = [];

async function openIdle(count) {
  for (let left = count; left > 0; left--) {
    const socket = createSocket('udp4', () => {});
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    idle.push(socket);
  }
}
