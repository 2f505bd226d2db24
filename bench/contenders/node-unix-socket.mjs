// Its seqpacket sockets.
import nodeUnixSocket from 'node-unix-socket';

const { SeqpacketServer, SeqpacketSocket } = nodeUnixSocket;

export function server({ path }) {
  const listening = new SeqpacketServer();
  listening.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => socket.write(data));
  });
  listening.listen(path);
}

export async function client({ path, size, count }) {
  const socket = new SeqpacketSocket();
  await new Promise((resolve) => socket.connect(path, resolve));
  const message = Buffer.alloc(size, 1);
  let next = () => {};
  socket.on('data', () => next());
  return () =>
    new Promise((resolve) => {
      let left = count;
      next = () => {
        if (--left > 0) socket.write(message);
        else resolve();
      };
      socket.write(message);
    });
}
