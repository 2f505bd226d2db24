// Its seqpacket sockets.
import nodeUnixSocket from 'node-unix-socket';

const { SeqpacketServer, SeqpacketSocket } = nodeUnixSocket;

export function server({ path, count, way }) {
  const listening = new SeqpacketServer();
  listening.on('connection', (socket) => {
    let left = count;
    socket.on('error', () => {});
    socket.on('data', (data) => {
      if (way !== 'bulk') {
        socket.write(data);
      } else if (--left === 0) {
        left = count;
        socket.write(Buffer.from('.'));
      }
    });
  });
  listening.listen(path);
}

export async function client({ path, size, count, way }) {
  const socket = new SeqpacketSocket();
  await new Promise((resolve) => socket.connect(path, resolve));
  const message = Buffer.alloc(size, 1);
  let next = () => {};
  socket.on('data', () => next());
  if (way === 'bulk') {
    return async () => {
      const acknowledged = new Promise((resolve) => {
        next = resolve;
      });
      for (let left = count; left > 0; left--) {
        await new Promise((resolve) => socket.write(message, 0, message.length, resolve));
      }
      await acknowledged;
    };
  }
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
