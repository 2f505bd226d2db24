// afunix's datagrams. `way`: 'callback' (onMessages and trySend), 'promise' (receive and send), 'bulk'
// (sendMany to onMessages), 'idle' (sockets that are open and silent). `sends`: each to the server's address, 'awaited' or
// 'together'.
import { load } from '../afunix.mjs';

const { UnixDatagram } = await load('index');

async function open({ path, size, busyPoll = 0 }, from, to) {
  const socket = await UnixDatagram.bind(`${path}${from}`, busyPoll > 0 ? { busyPoll } : {});
  return { socket, peer: `${path}${to}`, message: Buffer.alloc(size, 1) };
}

export async function server(options) {
  const { socket, peer, message } = await open(options, '', '.c');
  let connected = false;
  const connect = () => {
    connected = true;
    socket.connect(peer);
  };
  if (options.way === 'bulk') {
    let left = options.count;
    socket.onMessages((messages) => {
      left -= messages.length;
      if (left > 0) return;
      left += options.count;
      socket.trySend('.', { to: peer });
    });
  } else if (options.way === 'promise') {
    echo();
  } else {
    socket.onMessages((messages) => {
      if (!connected) connect();
      for (const { data } of messages) if (!socket.trySend(data)) socket.send(data);
    });
  }

  async function echo() {
    for (;;) {
      await socket.receive();
      if (!connected) connect();
      await socket.send(message);
    }
  }
}

const idle = [];

async function openIdle({ path, count }) {
  for (let left = count; left > 0; left--) {
    const socket = await UnixDatagram.bind(`${path}.${left}`);
    socket.onMessages(() => {});
    idle.push(socket);
  }
}

export async function client(options) {
  if (options.way === 'idle') return () => openIdle(options);
  const { socket, peer, message } = await open(options, '.c', '');
  const { count } = options;
  if (options.sends !== undefined) return () => sendTo(socket, message, { to: peer }, options);
  socket.connect(peer);
  if (options.way === 'bulk') {
    const batch = new Array(Math.min(count, 64)).fill(message);
    return async () => {
      for (let left = count; left > 0; left -= batch.length) {
        await socket.sendMany(left < batch.length ? batch.slice(0, left) : batch);
      }
      await socket.receive();
    };
  }
  if (options.way === 'promise') {
    return async () => {
      for (let left = count; left > 0; left--) {
        await socket.send(message);
        await socket.receive();
      }
    };
  }
  return () =>
    new Promise((resolve) => {
      let left = count;
      socket.onMessages(() => {
        if (--left === 0) resolve();
        else socket.trySend(message);
      });
      socket.trySend(message);
    });
}

async function sendTo(socket, message, to, { count, sends }) {
  if (sends === 'awaited') {
    for (let left = count; left > 0; left--) await socket.send(message, to);
  } else {
    await Promise.all(Array.from({ length: count }, () => socket.send(message, to)));
  }
  await socket.receive();
}
