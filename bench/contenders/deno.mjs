// Deno's own sockets. `way`: 'trip' and 'bulk' (one way) of streams, 'datagram' (round trip), 'datagrams' (one way).
const { Deno } = globalThis;

const datagrams = (path) => Deno.listenDatagram({ transport: 'unixpacket', path });
const address = (path) => ({ transport: 'unixpacket', path });

/** Reads `length` bytes in all. */
async function readAll(connection, buffer, length) {
  for (let left = length; left > 0; ) {
    const read = await connection.read(buffer.subarray(0, Math.min(left, buffer.length)));
    if (read === null) return false;
    left -= read;
  }
  return true;
}

async function writeAll(connection, bytes) {
  for (let at = 0; at < bytes.length; ) at += await connection.write(bytes.subarray(at));
}

const serve = {
  async trip({ path, size }) {
    const buffer = Buffer.alloc(size);
    const connection = await Deno.listen({ transport: 'unix', path }).accept();
    while (await readAll(connection, buffer, size)) await writeAll(connection, buffer);
  },
  async bulk({ path, size, count }) {
    const buffer = Buffer.alloc(65_536);
    const connection = await Deno.listen({ transport: 'unix', path }).accept();
    while (await readAll(connection, buffer, size * count))
      await writeAll(connection, buffer.subarray(0, 1));
  },
  async datagram({ path }) {
    const socket = datagrams(path);
    for (;;) await socket.send((await socket.receive())[0], address(`${path}.c`));
  },
  async datagrams({ path, count }) {
    const socket = datagrams(path);
    for (;;) {
      for (let left = count; left > 0; left--) await socket.receive();
      await socket.send(Buffer.from('.'), address(`${path}.c`));
    }
  },
};

export function server(options) {
  serve[options.way](options);
}

export async function client({ path, size, count, way }) {
  const message = Buffer.alloc(size, 1);
  if (way === 'trip' || way === 'bulk') {
    const connection = await Deno.connect({ transport: 'unix', path });
    const answer = Buffer.alloc(way === 'trip' ? size : 1);
    return async () => {
      for (let left = count; left > 0; left--) {
        await writeAll(connection, message);
        if (way === 'trip') await readAll(connection, answer, size);
      }
      if (way === 'bulk') await readAll(connection, answer, 1);
    };
  }
  const socket = datagrams(`${path}.c`);
  return async () => {
    for (let left = count; left > 0; left--) {
      await socket.send(message, address(path));
      if (way === 'datagram') await socket.receive();
    }
    if (way === 'datagrams') await socket.receive();
  };
}
