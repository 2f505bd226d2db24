// Round trips on one after the other of `sockets` connections, all on one loop on either side.
import { load } from '../afunix.mjs';

const { UnixListener, UnixStream } = await load('index');

export async function server({ path, size }) {
  const listener = await UnixListener.bind(path);
  accept();

  async function accept() {
    for await (const stream of listener) echo(stream).catch(() => {});
  }
  async function echo(stream) {
    const buffer = Buffer.alloc(size);
    while ((await stream.read(buffer)) !== null) await stream.write(buffer);
  }
}

export async function client({ path, size, count, sockets }) {
  const streams = [];
  const message = Buffer.alloc(size, 1);
  while (streams.length < sockets) streams.push(await UnixStream.connect(path));
  let next = 0;
  return async () => {
    for (let left = count; left > 0; left--) {
      // A prime step: no two neighbours in a row.
      next = (next + 7919) % sockets;
      await streams[next].write(message);
      await streams[next].read(message);
    }
  };
}
