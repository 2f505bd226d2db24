// Opens sockets of each kind, sends over them, closes them, until it is stopped or terminated.
import { parentPort, workerData } from 'node:worker_threads';
import { UnixDatagram, UnixListener, UnixSeqpacket, UnixStream } from 'afunix';

const { path, shared, own } = workerData;
const check = (message, text) => {
  if (message?.data.toString() !== text) Atomics.add(shared, 2, 1);
};

const cycles = [
  async (text) => {
    const listener = await UnixListener.bind(path);
    const client = await UnixStream.connect(path);
    const server = await listener.accept();
    await client.write(text);
    check(await server.receive(), text);
    return [listener, client, server];
  },
  async (text) => {
    const receiver = await UnixDatagram.bind(path);
    const sender = UnixDatagram.unbound();
    await sender.send(text, { to: path });
    check(await receiver.receive(), text);
    return [receiver, sender];
  },
  async (text) => {
    const [first, second] = UnixStream.pair({ maxFds: 2 });
    await first.write(text, { fds: [0, 1] });
    const message = await second.receive();
    check(message, text);
    for (const fd of message.fds) fd.close();
    await first.write('what nobody takes', { fds: [0] });
    return [first, second];
  },
  async (text) => {
    const pair = (process.platform === 'linux' ? UnixSeqpacket : UnixDatagram).pair();
    const receiving = pair[1].receive();
    await pair[0].send(text);
    check(await receiving, text);
    // One that never ends: close() is its end.
    pair[0].receive().catch(() => {});
    return pair;
  },
];

parentPort.postMessage('begun');
for (let number = 0; Atomics.load(shared, 1) === 0; number++) {
  const sockets = await cycles[number % cycles.length](`cycle ${number}`);
  await Promise.all(sockets.map((socket) => socket.close()));
  Atomics.add(shared, 0, 1);
  Atomics.add(own, 0, 1);
  if (number % 16 === 0) await new Promise(setImmediate);
}
