// What is shaped like node:net. `implementation`: 'node' or 'afunix'.
import { connect, implementations } from './net-connect.mjs';

const serve = {
  trip(socket, { size }) {
    const message = Buffer.alloc(size, 1);
    let left = size;
    socket.on('data', (data) => {
      left -= data.length;
      if (left > 0) return;
      left = size;
      socket.write(message);
    });
  },
  bulk(socket, { size, count }) {
    let left = size * count;
    socket.on('data', (data) => {
      left -= data.length;
      if (left > 0) return;
      left += size * count;
      socket.write('.');
    });
  },
  connect(socket) {
    socket.on('data', () => socket.end());
  },
  idle(socket) {
    socket.on('data', () => {});
  },
};

export async function server(options) {
  const { createServer } = await implementations[options.implementation]();
  let accepted = 0;
  const listening = createServer((socket) => {
    socket.on('error', () => {});
    serve[options.way](socket, options);
    accepted++;
    if (options.way === 'idle' && accepted === options.count) socket.write('.');
  });
  await new Promise((resolve) => listening.listen(options.path, resolve));
}

export async function client(options) {
  const { createConnection } = await implementations[options.implementation]();
  const { path, size, count, way } = options;
  const message = Buffer.alloc(size, 1);
  const use = {
    async connect() {
      for (let left = count; left > 0; left--) {
        await new Promise((resolve) => {
          const socket = createConnection(path, () => socket.write('.'));
          socket.resume();
          socket.on('close', resolve);
        });
      }
    },
    idle() {
      return new Promise((resolve) => {
        let left = count;
        const next = async () => {
          const socket = await connect(createConnection, path);
          sockets.push(socket);
          socket.on('data', resolve);
          if (--left > 0) next();
        };
        next();
      });
    },
  };
  const sockets = [];
  if (use[way] !== undefined) return use[way];

  const socket = await connect(createConnection, path);
  if (way === 'bulk') return () => bulk(socket, message, count);
  return () =>
    new Promise((resolve) => {
      let left = count;
      let unread = size;
      const next = (data) => {
        unread -= data.length;
        if (unread > 0) return;
        unread = size;
        if (--left > 0) return socket.write(message);
        socket.off('data', next);
        resolve();
      };
      socket.on('data', next);
      socket.write(message);
    });
}

/** Writes until write() says to wait for 'drain'. */
function bulk(socket, message, count) {
  return new Promise((resolve) => {
    let left = count;
    const go = () => {
      while (left > 0) {
        left--;
        if (!socket.write(message)) return;
      }
    };
    socket.on('drain', go);
    socket.once('data', () => {
      socket.off('drain', go);
      resolve();
    });
    go();
  });
}
