import { load } from '../afunix.mjs';

const { UnixSeqpacket, UnixSeqpacketListener } = await load('index');

export async function server({ path }) {
  const listener = await UnixSeqpacketListener.bind(path);
  serve();

  async function serve() {
    const socket = await listener.accept();
    for (let message = await socket.receive(); message !== null; message = await socket.receive()) {
      await socket.send(message.data);
    }
  }
}

export async function client({ path, size, count }) {
  const socket = await UnixSeqpacket.connect(path);
  const message = Buffer.alloc(size, 1);
  return async () => {
    for (let left = count; left > 0; left--) {
      await socket.send(message);
      await socket.receive();
    }
  };
}
