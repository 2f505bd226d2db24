// What `Socket` does inside is behind a symbol: a program may give its sockets any name, and may use them through a
// Proxy or Object.create(), as those of node:dgram.
import dgram from 'node:dgram';
import { once } from 'node:events';
import { createSocket, Socket } from 'afunix/dgram';
import { expect, test } from 'vitest';
import { Scratch } from '../helpers/scratch.js';

const names = [
  'bound',
  'congested',
  'describe',
  'endpoint',
  'face',
  'implementation',
  'inbox',
  'live',
  'maxFds',
  'onError',
  'onReadable',
  'onWritable',
  'owner',
  'receive',
  'report',
  'socket',
  'state',
];
const taken = Object.fromEntries(names.map((name) => [name, `the program's ${name}`]));

class Mine extends Socket {
  constructor() {
    super({ type: 'unix_dgram', maxFds: 1, reconnect: true });
    Object.assign(this, taken);
  }
}
for (const name of names) {
  Object.defineProperty(Mine.prototype, name, { value: 'inherited', writable: true });
}

test('a name of the program is no name of a socket', async () => {
  using scratch = new Scratch();
  const receiver = new Mine();
  receiver.bind(scratch.path());
  await once(receiver, 'listening');
  const sender = new Mine();
  sender.connect(scratch.path());
  await once(sender, 'connect');
  const count = 400; // more than a queue holds
  let sent = 0;
  const received: string[] = [];
  const all = new Promise<void>((resolve) => {
    receiver.on('message', (message) => {
      if (received.push(String(message)) === count) resolve();
    });
  });
  for (let index = 0; index < count; index++) sender.send(`${index}`, () => sent++);
  await all;
  expect([sent, received.at(-1)]).toEqual([count, `${count - 1}`]);
  expect(sender).toMatchObject(taken);
  sender.close();
  receiver.close();
});

test('the names of the prototype are documented', () => {
  const own = (value: object): string[] => Object.getOwnPropertyNames(value);
  const node = own(dgram.Socket.prototype);
  const beyond = own(Socket.prototype).filter((name) => !node.includes(name));
  expect(beyond.sort()).toEqual(['connected', 'fd', 'stats']);
  const socket = createSocket('unix_dgram');
  expect(own(socket).filter((name) => !own(dgram.createSocket('udp4')).includes(name))).toEqual([]);
  socket.close();
});

test.each<[string, (socket: Socket) => Socket]>([
  ['a Proxy', (socket) => new Proxy(socket, {})],
  ['Object.create()', (socket) => Object.create(socket)],
])('%s stands for a socket', async (_name, standIn) => {
  using scratch = new Scratch();
  const real = [createSocket('unix_dgram'), createSocket('unix_dgram')] as const;
  const [receiver, sender] = real.map(standIn) as [Socket, Socket];
  receiver.bind(scratch.path());
  await once(real[0], 'listening');
  expect(receiver.address().path).toBe(scratch.path());
  sender.connect(scratch.path());
  await once(real[1], 'connect');
  expect([sender.connected, real[1].connected]).toEqual([true, true]);
  sender.send('hello');
  const [message] = await once(real[0], 'message');
  expect(String(message)).toBe('hello');
  sender.ref().unref();
  sender.disconnect();
  sender.close();
  receiver.close();
});

test('a program may assign fd', () => {
  const socket = createSocket('unix_dgram');
  expect(Object.assign(socket, { fd: 'its own' }).fd).toBe('its own');
  socket.close();
});
