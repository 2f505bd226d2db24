// Arguments, as node:net takes and refuses them: which count, and what the errors say.
import type { Socket } from 'node:net';
import { happens, likeNode, type Stage, turns } from '../helpers/like-node.js';

// biome-ignore lint/suspicious/noExplicitAny: wrong arguments are what this is about
type Any = any;

const attempt = (stage: Stage, name: string, call: () => unknown): void => {
  try {
    const made = call() as Any;
    made?.on?.('error', () => {});
    if (made?.destroy !== undefined || made?.close !== undefined) stage.track(made);
    stage.note(name, 'no error');
  } catch (error) {
    stage.note(name, error);
  }
};

likeNode('connect(): the last argument is the listener', async (stage) => {
  const net: Any = stage.net;
  await stage.listen();
  const { path } = stage;
  const forms: ((listener: () => void) => unknown[])[] = [
    (listener) => [path, undefined, listener],
    (listener) => [{ path }, null, listener],
    (listener) => [path, 'host', 5, listener],
    (listener) => [path, listener, undefined],
    (listener) => [path, listener, 5],
  ];
  for (const [index, form] of forms.entries()) {
    const listener = (who: string) => () => stage.note(`${who} ${index}`, 'called');
    const sockets: Socket[] = [
      net.connect(...form(listener('connect'))),
      new net.Socket().connect(...form(listener('Socket.connect'))),
    ];
    for (const socket of sockets) {
      stage.note(`number ${index}`, socket.listenerCount('connect'));
      await happens(stage.track(socket), 'connect');
    }
  }
});

likeNode('listen(): backlog and listener', async (stage) => {
  const callback = (): void => stage.note('listener', 'called');
  const rests: unknown[][] = [
    ...[
      [undefined, callback],
      [5, undefined, callback],
      [callback, 5],
      [null, null, callback],
    ],
    ...[['5', callback], [undefined, 5, callback], [-1], ['x'], [1.5], [-1, callback], [{}]],
    ...[[true], [Number.NaN], [2 ** 40], [Number.POSITIVE_INFINITY], [5, 6, 7, callback]],
  ];
  for (const [index, rest] of rests.entries()) {
    for (const first of [stage.path, { path: stage.path }]) {
      const server: Any = stage.track(stage.net.createServer());
      server.listen(first, ...rest);
      stage.note(`number ${index}`, server.listenerCount('listening'));
      await happens(server, 'listening');
      server.close();
    }
  }
});

for (const backlog of [-1, 0, 1.5, 'x', '5', null, undefined, true, {}, Number.NaN, 2 ** 40]) {
  likeNode(`listen({ backlog: ${String(backlog)} })`, async (stage) => {
    const server: Any = stage.watch('server', stage.track(stage.net.createServer()), 'listening');
    server.listen({ path: stage.path, backlog });
    await happens(stage.connect(), 'connect');
  });
}

for (const signal of [null, 0, '', 5, {}, 'x', () => {}]) {
  likeNode(`signal: ${JSON.stringify(signal)}`, async (stage) => {
    const net: Any = stage.net;
    attempt(stage, 'Socket', () => new net.Socket({ signal }));
    attempt(stage, 'listen', () => net.createServer().listen({ path: stage.path, signal }));
    await turns();
  });
}

likeNode('write()', async (stage) => {
  const { client, peer } = await stage.pair();
  stage.watch('client', client, 'error close');
  const bytes = Buffer.from('x');
  const forms: unknown[][] = [
    ...[['x', 'buffer'], ['x', 'nope'], [5], [null], [undefined], [{}], [bytes, 'buffer']],
    ...[
      [bytes, 'nope'],
      ['x', null],
      ['x', ''],
      ['abcd', 'hex'],
      ['x', 5],
    ],
  ];
  for (const form of forms) {
    const name = form.map(String).join();
    attempt(stage, name, () => stage.note(name, (client.write as Any)(...form)));
    stage.note(name, client.bytesWritten, client.writableLength);
  }
  peer.resume();
  await turns();
});

likeNode('write() while connecting', async (stage) => {
  const server = await stage.listen();
  const accepted = happens(server, 'connection');
  for (const [data, encoding] of [['x', 'utf16le'], ['616263', 'hex'], ['x', 'nope'], [5]]) {
    const client = stage.watch('client', stage.connect(), 'error close');
    attempt(stage, `${data},${encoding}`, () =>
      stage.note('client', (client.write as Any)(data, encoding), client.bytesWritten),
    );
  }
  const [peer] = (await accepted) as [Socket];
  peer.resume();
  await turns();
  await turns();
});

likeNode('a program assigns fd', async (stage) => {
  const { server, client, peer } = await stage.pair();
  for (const object of [server, client] as Any[]) {
    object.fd = 7;
    stage.note('fd', object.fd, Object.keys(object).includes('fd'));
    delete object.fd;
    stage.note('fd', Object.keys(object).includes('fd'));
    object.fd = 'mine';
  }
  client.end('still works');
  const [data] = await happens(peer, 'data');
  stage.note('peer', data);
  const closed = happens(server, 'close');
  server.close();
  await closed;
});

likeNode('what needs no connection', async (stage) => {
  const net = stage.net as Any;
  stage.note('net', net.isIP('::1'), net.isIP('x'), net.isIPv4('1.2.3.4'), net.isIPv6('1.2.3.4'));
  const blocked = new net.BlockList();
  blocked.addAddress('1.2.3.4');
  stage.note('net', blocked.check('1.2.3.4'), blocked.check('1.2.3.5'));
  stage.note('net', new net.SocketAddress({ address: '1.2.3.4', port: 5 }).port);
  const family = net.getDefaultAutoSelectFamily();
  net.setDefaultAutoSelectFamily(!family);
  stage.note('net', net.getDefaultAutoSelectFamily() === !family);
  net.setDefaultAutoSelectFamily(family);
  const timeout = net.getDefaultAutoSelectFamilyAttemptTimeout();
  net.setDefaultAutoSelectFamilyAttemptTimeout(timeout + 10);
  stage.note('net', net.getDefaultAutoSelectFamilyAttemptTimeout() - timeout);
  net.setDefaultAutoSelectFamilyAttemptTimeout(timeout);
  stage.note('net', net.Stream === net.Socket);
});

likeNode('what the errors say', async (stage) => {
  const net: Any = stage.net;
  const { path } = stage;
  const calls: (() => unknown)[] = [
    () => new net.Socket({ objectMode: true }),
    () => new net.Socket({ readableObjectMode: true }),
    () => new net.Socket({ writableObjectMode: 1 }),
    () => new net.Socket({ highWaterMark: -1 }),
    () => new net.Socket().setTimeout(-1),
    () => new net.Socket().setTimeout('1'),
    () => new net.Socket().setTimeout('a string that is longer than that'),
    () => new net.Socket().setTimeout(),
    () => new net.Socket().setTimeout(() => {}),
    () => new net.Socket().setTimeout(Number.NaN),
    () => new net.Socket().setTimeout(Number.POSITIVE_INFINITY),
    () => new net.Socket().setTimeout(5, 'x'),
    () => new net.Socket().setTimeout(0, null),
    () => new net.Socket().connect(path, 'x'),
    () => new net.Socket().write(),
    () => new net.Socket().end(5),
    () => net.connect({ path, timeout: 'x' }),
    () => net.connect({ path, timeout: -1 }),
    () => net.connect({ path, onread: 5 }),
    () => net.connect({ path, onread: { buffer: 'x', callback() {} } }),
    () => net.connect({ path, onread: { buffer: Buffer.alloc(3), callback: 5 } }),
    () => net.createServer('x'),
    () => net.createServer(5),
    () => net.createServer(null),
    () => net.createServer({}, 'x'),
    () => new net.Server('x'),
    () => net.createServer({ highWaterMark: 'x' }),
    () => net.createServer({ highWaterMark: -5 }),
    () => net.createServer({ highWaterMark: null }),
    () => net.createServer().listen({ path: 5 }),
    () => net.createServer().listen({ path: {} }),
    () => net.createServer().listen({ fd: -1, path }),
    () => net.createServer().getConnections(),
  ];
  for (const call of calls) attempt(stage, String(call), call);
  await turns();
});

likeNode('codes of the errors whose text names ports here or there', async (stage) => {
  const net: Any = stage.net;
  const calls: (() => unknown)[] = [
    () => net.connect(),
    () => net.connect({}),
    () => net.connect({ path: null }),
    () => net.connect({ path: 5 }),
    () => net.connect({ path: {} }),
    () => new net.Socket().connect(),
    () => net.createServer().listen({}),
    () => net.createServer().listen({ path: '' }),
    () => net.createServer().listen({ path: null }),
    () => net.createServer().listen({ path: undefined }),
    () => net.createServer().listen({ fd: -1 }),
    () => net.createServer().listen({ fd: 'x' }),
    () => net.createServer().listen({ path: '\0abstract', readableAll: true }),
  ];
  for (const call of calls) {
    try {
      call();
      stage.note(String(call), 'no error');
    } catch (error) {
      const { name, code } = error as NodeJS.ErrnoException;
      stage.note(String(call), name, code);
    }
  }
});
