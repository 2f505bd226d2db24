// As afunix-sockets.mjs, with what is shaped like node:net. `implementation`: 'node' or 'afunix'.
import { connect, implementations } from './net-connect.mjs';

export async function server({ path, implementation }) {
  const { createServer } = await implementations[implementation]();
  const listening = createServer((socket) => socket.on('data', (data) => socket.write(data)));
  await new Promise((resolve) => listening.listen(path, resolve));
}

export async function client({ path, size, count, sockets, implementation }) {
  const { createConnection } = await implementations[implementation]();
  const message = Buffer.alloc(size, 1);
  let answered;
  const all = [];
  while (all.length < sockets) {
    const socket = await connect(createConnection, path);
    socket.on('data', () => answered());
    all.push(socket);
  }
  let next = 0;
  return () =>
    new Promise((resolve) => {
      let left = count;
      answered = () => {
        if (left-- === 0) return resolve();
        next = (next + 7919) % sockets;
        all[next].write(message);
      };
      answered();
    });
}
