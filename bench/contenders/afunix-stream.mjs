// afunix's streams, promises. `way`: 'trip', 'bulk' (one way, read(buffer)), 'connect' (a connection,
// a byte, its end), 'idle' (connections that are open and silent).
import { load } from '../afunix.mjs';

const { UnixListener, UnixStream } = await load('index');

/** Reads a whole message. */
async function readAll(stream, buffer) {
  let view = await stream.read(buffer);
  let length = view?.length ?? 0;
  if (length === 0) return false;
  while (length < buffer.length) {
    view = await stream.read(buffer.subarray(length));
    if (view === null) return false;
    length += view.length;
  }
  return true;
}

const serve = {
  async trip(stream, { size }) {
    const buffer = Buffer.alloc(size);
    while (await readAll(stream, buffer)) await stream.write(buffer);
  },
  async bulk(stream, { size, count }) {
    const buffer = Buffer.alloc(65_536);
    for (let left = size * count; ; ) {
      left -= (await stream.read(buffer))?.length ?? 0;
      if (left > 0) continue;
      left += size * count;
      await stream.write('.');
    }
  },
  async connect(stream) {
    await stream.read();
    await stream.close();
  },
  // Not an async function: the frame that V8 keeps for one (0.7 KB) would be measured too.
  idle: (stream) => stream.read(),
};

export async function server(options) {
  const { path, busyPoll = 0 } = options;
  const listener = await UnixListener.bind(path, busyPoll > 0 ? { busyPoll } : {});
  accept();

  async function accept() {
    let accepted = 0;
    for await (const stream of listener) {
      serve[options.way](stream, options).catch(() => {});
      accepted++;
      if (options.way === 'idle' && accepted === options.count) await stream.write('.');
    }
  }
}

export async function client({ path, size, count, way, busyPoll = 0 }) {
  if (way === 'connect') {
    return async () => {
      for (let left = count; left > 0; left--) {
        const stream = await UnixStream.connect(path);
        await stream.write('.');
        await stream.read();
        await stream.close();
      }
    };
  }
  if (way === 'idle') {
    const streams = [];
    return async () => {
      const told = Promise.withResolvers?.() ?? withResolvers();
      for (let left = count; left > 0; left--) {
        const stream = await UnixStream.connect(path);
        streams.push(stream);
        stream.read().then(told.resolve);
      }
      await told.promise;
    };
  }
  const stream = await UnixStream.connect(path, busyPoll > 0 ? { busyPoll } : {});
  const message = Buffer.alloc(size, 1);
  if (way === 'bulk') {
    return async () => {
      for (let left = count; left > 0; left--) await stream.write(message);
      await stream.read();
    };
  }
  return async () => {
    for (let left = count; left > 0; left--) {
      await stream.write(message);
      await readAll(stream, message);
    }
  };
}

function withResolvers() {
  let resolve;
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
