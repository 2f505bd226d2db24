// Servers, as node:net has them: listening, closing, limits, options.
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs';
import type nodeNet from 'node:net';
import { happens, likeNode, type Stage, turns } from '../helpers/like-node.js';

const events = 'listening close error drop';

function attempt(stage: Stage, name: string, call: () => unknown): void {
  try {
    call();
    stage.note(name, 'no error');
  } catch (error) {
    stage.note(name, error);
  }
}

likeNode('listen forms', async (stage) => {
  const forms: ((server: nodeNet.Server, done: () => void) => unknown)[] = [
    (server, done) => server.listen(stage.path, done),
    (server, done) => server.listen(stage.path, 5, done),
    (server, done) => server.listen({ path: stage.path }, done),
    (server, done) => server.listen({ path: stage.path, backlog: 0, exclusive: true }, done),
  ];
  for (const form of forms) {
    const server = stage.watch('server', stage.net.createServer(), events);
    stage.note('server', server.listening, server.address());
    await new Promise<void>((resolve) => form(server, resolve));
    stage.note('server', server.listening, server.address(), existsSync(stage.path));
    server.close();
    stage.note('server', server.listening, server.address(), existsSync(stage.path));
    await happens(server, 'close');
  }
});

likeNode('listening comes after the call', async (stage) => {
  const server = stage.watch('server', stage.track(stage.net.createServer()), events);
  stage.note('server', server.listen(stage.path) === server, server.listening);
  await happens(server, 'listening');
});

likeNode('listen twice', async (stage) => {
  const server = await stage.listen();
  attempt(stage, 'again', () => server.listen(stage.path));
  stage.note('server', server.listening);
});

likeNode('the address is in use', async (stage) => {
  await stage.listen();
  const second = stage.watch('second', stage.net.createServer(), events);
  second.listen(stage.path);
  const [error] = (await happens(second, 'error')) as [NodeJS.ErrnoException];
  stage.note('second', second.listening, second.address(), error.syscall);
  await turns();
  second.listen(stage.scratch.path('other'));
  await happens(second, 'listening');
  second.close();
});

likeNode('no permission to bind', async (stage) => {
  if (process.getuid?.() === 0) {
    stage.note('root', 'may do it');
    return;
  }
  chmodSync(stage.scratch.folder, 0o500);
  const server = stage.net.createServer().listen(stage.path);
  const [error] = (await happens(server, 'error')) as [NodeJS.ErrnoException];
  stage.note('server', error.code);
  chmodSync(stage.scratch.folder, 0o700);
});

likeNode('a file that is no socket stays', async (stage) => {
  writeFileSync(stage.path, 'precious');
  const server = stage.watch('server', stage.net.createServer(), events).listen(stage.path);
  await happens(server, 'error');
  stage.note('file', statSync(stage.path).size);
});

likeNode('close() before listen: ERR_SERVER_NOT_RUNNING', async (stage) => {
  const server = stage.watch('server', stage.net.createServer(), events);
  server.close((error) => stage.note('callback', error));
  await happens(server, 'close');
});

likeNode('close() right after listen(): no listening event', async (stage) => {
  const server = stage.watch('server', stage.net.createServer(), events);
  server.listen(stage.path, () => stage.note('server', 'callback'));
  server.close((error) => stage.note('close callback', error));
  await happens(server, 'close');
  await turns();
});

likeNode('close() waits for the connections', async (stage) => {
  const { server, client, peer } = await stage.pair();
  stage.watch('server', server, events);
  server.close(() => stage.note('server', 'callback'));
  stage.note('server', server.listening, existsSync(stage.path));
  await turns();
  server.getConnections((error, count) => stage.note('server', error, count));
  await turns();
  peer.on('close', () => stage.note('order', 'peer closed'));
  server.on('close', () => stage.note('order', 'server closed'));
  client.destroy();
  await happens(peer, 'close');
  await turns();
  server.getConnections((_, count) => stage.note('server', count));
  await turns();
});

likeNode('close() refuses new connections', async (stage) => {
  const { server } = await stage.pair();
  server.close();
  await happens(stage.watch('late', stage.connect(), 'connect error close'), 'close');
});

likeNode('Symbol.asyncDispose closes', async (stage) => {
  const server = await stage.listen();
  await server[Symbol.asyncDispose]();
  stage.note('server', server.listening);
  await server[Symbol.asyncDispose]();
});

likeNode('maxConnections: more are dropped', async (stage) => {
  const server = await stage.listen({}, (peer) => peer.resume());
  stage.watch('server', server, events);
  server.maxConnections = 1;
  const first = stage.connect();
  await happens(first, 'connect');
  const second = stage.watch('second', stage.connect().resume(), 'end close');
  await happens(second, 'close');
  server.getConnections((_, count) => stage.note('server', count));
  first.destroy();
  await turns();
  await turns();
  const third = stage.watch('third', stage.connect(), 'connect');
  await happens(third, 'connect');
});

likeNode('getConnections counts', async (stage) => {
  const { server, client, peer } = await stage.pair();
  const count = (): Promise<void> =>
    new Promise((resolve) => {
      const result = server.getConnections((error, connections) => {
        stage.note('server', error, connections);
        resolve();
      });
      stage.note('server', result === server);
    });
  await count();
  client.destroy();
  peer.resume();
  await happens(peer, 'close');
  await count();
});

likeNode('a signal closes the server', async (stage) => {
  const controller = new AbortController();
  const server = stage.watch('server', stage.net.createServer(), events);
  server.listen({ path: stage.path, signal: controller.signal });
  await happens(server, 'listening');
  controller.abort();
  await happens(server, 'close');
});

likeNode('a signal that has aborted already', async (stage) => {
  const server = stage.watch('server', stage.net.createServer(), events);
  server.listen({ path: stage.path, signal: AbortSignal.abort() });
  await happens(server, 'close');
  await turns();
});

likeNode('readableAll of an abstract name', async (stage) => {
  try {
    stage.net.createServer().listen({ path: '\0abstract', readableAll: true });
  } catch (error) {
    stage.note('server', (error as NodeJS.ErrnoException).code);
  }
});

likeNode('wrong arguments', async (stage) => {
  const code = (name: string, call: () => unknown): void => {
    try {
      call();
      stage.note(name, 'no error');
    } catch (error) {
      stage.note(name, (error as Error).constructor.name, (error as NodeJS.ErrnoException).code);
    }
  };
  code('options', () => stage.net.createServer('x' as never));
  code('highWaterMark', () => stage.net.createServer({ highWaterMark: 'x' as never }));
  code('no path', () => stage.net.createServer().listen({} as never));
  code('signal', () => stage.net.createServer().listen({ path: 'x', signal: 1 as never }));
});

likeNode('many connections at once: all arrive', async (stage) => {
  let seen = 0;
  const server = await stage.listen({}, (peer) => {
    seen += 1;
    peer.end();
  });
  const clients = Array.from({ length: 200 }, () => stage.connect());
  await Promise.all(clients.map((client) => happens(client.resume(), 'close')));
  stage.note('server', seen, server.listening);
});

likeNode('ref and unref return the server', async (stage) => {
  const server = stage.track(stage.net.createServer());
  stage.note('server', server.unref() === server, server.ref() === server);
});
