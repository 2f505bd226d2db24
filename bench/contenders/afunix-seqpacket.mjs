import { load } from '../afunix.mjs';

const { UnixSeqpacket, UnixSeqpacketListener } = await load('index');

export async function server({ path, count, way }) {
  const listener = await UnixSeqpacketListener.bind(path);
  serve();

  async function serve() {
    const socket = await listener.accept();
    let left = count;
    for (let message = await socket.receive(); message !== null; message = await socket.receive()) {
      if (way !== 'bulk') {
        await socket.send(message.data);
      } else if (--left === 0) {
        left = count;
        await socket.send('.');
      }
    }
  }
}

export async function client({ path, size, count, way }) {
  const socket = await UnixSeqpacket.connect(path);
  const message = Buffer.alloc(size, 1);
  if (way === 'bulk') {
    return async () => {
      for (let left = count; left > 0; left--) await socket.send(message);
      await socket.receive();
    };
  }
  return async () => {
    for (let left = count; left > 0; left--) {
      await socket.send(message);
      await socket.receive();
    }
  };
}
