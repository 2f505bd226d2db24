// What these classes do inside is behind a symbol: a program may give its sockets and servers any name, and may
// use them through a Proxy or Object.create(), as those of node:net.
import { once } from 'node:events';
import nodeNet from 'node:net';
import net, { type ServerOptions, type Socket, type SocketOptions } from 'afunix/net';
import { describe, expect, test } from 'vitest';
import { likeNode, type Stage } from '../helpers/like-node.js';
import { Scratch } from '../helpers/scratch.js';

/** Names that the classes use inside, or did. */
const names = [
  'accept',
  'admit',
  'attach',
  'authorizer',
  'connected',
  'connection',
  'decidedLater',
  'describe',
  'face',
  'handle',
  'implementation',
  'input',
  'keep',
  'maxFds',
  'onReadable',
  'onWritable',
  'output',
  'owner',
  'refuse',
  'socket',
  'socketClosed',
  'state',
];

const taken = Object.fromEntries(names.map((name) => [name, `the program's ${name}`]));

class Client extends net.Socket {
  constructor(options?: SocketOptions) {
    super(options);
    Object.assign(this, taken);
  }
}

class Server extends net.Server {
  constructor(options?: ServerOptions) {
    super(options);
    Object.assign(this, taken);
  }
}

for (const name of names) {
  for (const Class of [Client, Server]) {
    Object.defineProperty(Class.prototype, name, { value: 'inherited', writable: true });
  }
}

describe('a name of the program', () => {
  test('is no name of a socket or server', async () => {
    using scratch = new Scratch();
    const peers: unknown[] = [];
    const server = new Server({
      maxFds: 1,
      authorize: (peer) => Promise.resolve(peers.push(peer) < 3),
    });
    server.on('connection', (socket) => Object.assign(socket, taken));
    server.listen(scratch.path());
    await once(server, 'listening');

    const client = new Client();
    client.connect(scratch.path());
    const [[served]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
    client.writeWithFds('ping', [0]);
    const [[fds], [ping]] = await Promise.all([once(served, 'fds'), once(served, 'data')]);
    expect([fds.length, String(ping)]).toEqual([1, 'ping']);
    for (const fd of fds) fd.close();
    served.setTimeout(20);
    await once(served, 'timeout');
    const large = Buffer.alloc(1 << 20);
    served.end(large);
    let bytes = 0;
    for await (const chunk of client) bytes += chunk.length;
    expect(bytes).toBe(large.length);
    expect([client.stats()?.received.bytes, served.stats()?.sent.bytes]).toEqual([bytes, bytes]);

    const second = new Client();
    second.connect(scratch.path());
    await once(server, 'connection');
    const third = new Client();
    third.connect(scratch.path());
    await once(server, 'drop');

    for (const thing of [server, client, served]) expect(thing).toMatchObject(taken);
    const closed = once(server, 'close');
    server.close();
    for (const socket of [client, second, third]) socket.destroy();
    await closed;
  });

  test('of the prototypes is documented', () => {
    const own = (value: object): string[] => Object.getOwnPropertyNames(value);
    const beyondNode = (Class: { prototype: object }, Node: { prototype: object }): string[] =>
      own(Class.prototype).filter((name) => !own(Node.prototype).includes(name));
    expect(beyondNode(net.Socket, nodeNet.Socket).sort()).toEqual([
      'fd',
      'peerCredentials',
      'stats',
      'writeWithFds',
    ]);
    expect(beyondNode(net.Server, nodeNet.Server)).toEqual(['fd']);
    const beyondNodeSocket = own(new net.Socket()).filter(
      (name) => !own(new nodeNet.Socket()).includes(name),
    );
    const beyondNodeServer = own(new net.Server()).filter(
      (name) => !own(new nodeNet.Server()).includes(name),
    );
    // Node.js sets both later.
    expect([beyondNodeSocket, beyondNodeServer]).toEqual([['timeout'], ['maxConnections']]);
  });
});

test('a second argument of Socket is not used, whatever it is', () => {
  const Constructor = net.Socket as new (...args: unknown[]) => Socket;
  const socket = new Constructor({}, () => expect.unreachable());
  expect([socket.fd, socket.pending]).toEqual([-1, true]);
});

/** What stands for `object`, and is not the object itself. */
const standIns: [string, <T extends object>(object: T) => T][] = [
  ['a Proxy', (object) => new Proxy(object, {})],
  ['Object.create()', (object) => Object.create(object)],
];

for (const [name, standIn] of standIns) {
  likeNode(`${name} of a socket`, async (stage: Stage) => {
    const { client, peer } = await stage.pair({ allowHalfOpen: true });
    const socket = standIn(client);
    stage.note('state', socket.pending, socket.connecting, socket.readyState, socket.bytesWritten);
    socket.setTimeout(0);
    socket.ref().unref().ref();
    socket.write('ping');
    stage.note('peer', ...(await once(peer, 'data')));
    peer.write('pong');
    stage.note('client', ...(await once(socket, 'data')));
    stage.note('bytes', socket.bytesWritten, socket.bytesRead, socket.bufferSize);
    socket.end();
    await once(peer, 'end');
    peer.end();
    await once(client, 'close');
    stage.note('closed', client.destroyed, client.readyState);
  });

  likeNode(`${name} of a server`, async (stage: Stage) => {
    const real = await stage.listen();
    const server = standIn(real);
    stage.note('server', server.listening, server.address() === stage.path);
    server.ref().unref().ref();
    server.getConnections((error, count) => stage.note('connections', error, count));
    real.close();
    await once(real, 'close');
    stage.note('server', server.listening);
  });
}

likeNode('the prototypes, asked themselves', async (stage) => {
  for (const name of [
    'bufferSize',
    'bytesRead',
    'bytesWritten',
    'pending',
    'readyState',
  ] as const) {
    stage.note(name, stage.net.Socket.prototype[name]);
  }
  stage.note('listening', stage.net.Server.prototype.listening);
  stage.note('address', stage.net.Server.prototype.address());
});
