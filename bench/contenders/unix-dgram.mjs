// `way`: undefined (round trip), 'bulk' and 'idle' as in afunix-datagram.mjs.
import { createSocket } from 'unix-dgram';

export function server({ path, count, way }) {
  let connected = false;
  let left = count;
  const peer = `${path}.c`;
  const waiting = [];
  const echo = () => {
    for (let congested = false; waiting.length > 0 && !congested; ) {
      socket.send(waiting[0], (error) => {
        congested = error !== undefined;
      });
      if (!congested) waiting.shift();
    }
  };
  const socket = createSocket('unix_dgram', (data) => {
    if (way === undefined) {
      if (!connected) socket.connect(peer);
      connected = true;
      waiting.push(data);
      if (waiting.length === 1) echo();
    } else if (--left === 0) {
      left = count;
      socket.send(Buffer.from('.'), 0, 1, peer);
    }
  });
  socket.on('writable', echo);
  socket.bind(path);
}

const idle = [];

function openIdle(path, count) {
  for (let left = count; left > 0; left--) {
    const socket = createSocket('unix_dgram', () => {});
    socket.bind(`${path}.${left}`);
    idle.push(socket);
  }
}

export function client({ path, size, count, way }) {
  if (way === 'idle') return async () => openIdle(path, count);
  const message = Buffer.alloc(size, 1);
  const socket = createSocket('unix_dgram');
  socket.bind(`${path}.c`);
  socket.connect(path);
  if (way !== undefined)
    return () => new Promise((resolve) => bulk(socket, message, count, resolve));
  return () =>
    new Promise((resolve) => {
      let left = count;
      const next = () => {
        if (--left > 0) return socket.send(message);
        socket.off('message', next);
        resolve();
      };
      socket.on('message', next);
      socket.send(message);
    });
}

/** As many as go, then when 'writable' says so. */
function bulk(socket, message, count, resolve) {
  let left = count;
  let congested = false;
  const go = () => {
    congested = false;
    while (left > 0) {
      socket.send(message, (error) => {
        congested = error !== undefined;
      });
      if (congested) return;
      left--;
    }
  };
  socket.on('writable', go);
  socket.once('message', () => {
    socket.off('writable', go);
    resolve();
  });
  go();
}
