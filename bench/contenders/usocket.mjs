import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import usocket from 'usocket';

export async function server({ path }) {
  const listening = new usocket.UServer();
  listening.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('readable', () => {
      for (let got = socket.read(1, 1); got?.data; got = socket.read(1, 1)) {
        closeSync(got.fds[0]);
        socket.write('.');
      }
    });
    socket.read(0);
  });
  listening.listen(path);
  await once(listening, 'listening');
}

export async function client({ path, count }) {
  const socket = new usocket.USocket(path);
  await once(socket, 'connected');
  const fd = openSync('/dev/null', 'r');
  let next = () => {};
  socket.on('data', () => next());
  const send = () => socket.write({ data: Buffer.from('.'), fds: [fd] });
  return () =>
    new Promise((resolve) => {
      let left = count;
      next = () => {
        if (--left > 0) send();
        else resolve();
      };
      send();
    });
}
