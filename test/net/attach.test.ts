// Servers of Node.js that were attached do what they do after their own listen().
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import http from 'node:http';
import nodeNet from 'node:net';
import { attached, raw, serve, statusOf } from '../helpers/attached.js';
import { happens, likeNode, turns } from '../helpers/like-node.js';

const events = 'listening close error drop';

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n';

likeNode('listening, closing, and the members that say so', async (stage) => {
  const server = stage.watch('server', attached(stage, http.createServer()), events);
  const note = (): void =>
    stage.note('server', server.listening, server.address(), existsSync(stage.path));
  note();
  for (let time = 0; time < 2; time++) {
    const listening = new Promise<void>((resolve) => server.listen(stage.path, resolve));
    note();
    await listening;
    note();
    try {
      server.listen(stage.path);
    } catch (error) {
      stage.note('server', error);
    }
    const closed = new Promise((resolve) => server.close(resolve));
    note();
    stage.note('callback', await closed);
  }
  await turns();
});

likeNode('close() before listen()', async (stage) => {
  const server = stage.watch('server', attached(stage, http.createServer()), events);
  stage.note('server', server.close((error) => stage.note('callback', error)) === server);
  await happens(server, 'close');
  await turns();
});

likeNode('the address is in use', async (stage) => {
  await serve(stage, http.createServer());
  const second = attached(stage, http.createServer()).listen(stage.path);
  const [error] = (await happens(second, 'error')) as [NodeJS.ErrnoException];
  stage.note('second', error.code, error.syscall, second.listening);
});

likeNode('headersTimeout', async (stage) => {
  await serve(
    stage,
    http.createServer({ headersTimeout: 30, requestTimeout: 0, connectionsCheckingInterval: 10 }),
  );
  stage.note('client', await statusOf(raw(stage, REQUEST)));
});

likeNode('requestTimeout', async (stage) => {
  const options = { headersTimeout: 20, requestTimeout: 30, connectionsCheckingInterval: 10 };
  const server = await serve(stage, http.createServer(options));
  stage.watch('server', server, 'request');
  stage.note('client', await statusOf(raw(stage, `${REQUEST}Content-Length: 9\r\n\r\nhalf`)));
});

likeNode('keepAliveTimeout', async (stage) => {
  const server = http.createServer({ keepAliveTimeout: 10 }, (_, response) => response.end('x'));
  await serve(stage, server);
  stage.note('client', await statusOf(raw(stage, `${REQUEST}\r\n`)));
});

likeNode('timeout of a server', async (stage) => {
  const server = await serve(stage, http.createServer());
  server.setTimeout(20, (socket) => {
    stage.note('server', 'timeout');
    socket.destroy();
  });
  stage.note('client', await statusOf(raw(stage, REQUEST)));
});

likeNode('closeIdleConnections() leaves the busy ones', async (stage) => {
  const server = http.createServer((request, response) => {
    if (request.url === '/') response.end();
  });
  await serve(stage, server);
  const idle = raw(stage, `${REQUEST}\r\n`);
  await once(idle, 'data');
  const busy = raw(stage, 'GET /busy HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(server, 'request');
  const ended = happens(idle, 'end');
  server.closeIdleConnections();
  await ended;
  await turns();
  server.getConnections((_, count) => stage.note('server', count));
  await turns();
  stage.note('busy', busy.readableEnded);
});

likeNode('closeAllConnections() destroys them', async (stage) => {
  const server = await serve(stage, http.createServer());
  const clients = [raw(stage, `${REQUEST}\r\n`), raw(stage, REQUEST)];
  await once(server, 'request');
  const ended = clients.map((client) =>
    happens(
      client.resume().on('error', () => {}),
      'close',
    ),
  );
  server.closeAllConnections();
  await Promise.all(ended);
  stage.watch('server', server, events);
  server.close((error) => stage.note('callback', error));
  await happens(server, 'close');
});

likeNode('close() ends idle connections, and waits for the others', async (stage) => {
  const responses: http.ServerResponse[] = [];
  const server = http.createServer((request, response) => {
    if (request.url === '/') response.end();
    else responses.push(response);
  });
  await serve(stage, server);
  const idle = raw(stage, `${REQUEST}\r\n`);
  await once(idle, 'data');
  const busy = raw(stage, 'GET /busy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  await once(server, 'request');
  stage.watch('server', server, events);
  const ended = happens(idle, 'end');
  const closed = happens(server, 'close');
  server.close((error) => stage.note('callback', error));
  await ended;
  await turns();
  stage.note('server', 'waits', server.listening);
  responses[0]?.end('late');
  stage.note('busy', await statusOf(busy));
  await closed;
  await turns();
});

for (const [event, method] of [
  ['upgrade', 'GET'],
  ['connect', 'CONNECT'],
] as const) {
  likeNode(`${event}: a client that has ended gets its answer`, async (stage) => {
    const server = http.createServer().on(event, (_request, socket, head) => {
      stage.note('head', head);
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      stage.watch('peer', socket, 'data end close');
      socket.on('end', () => setImmediate(() => socket.end('after the end')));
    });
    await serve(stage, server);
    const client = raw(
      stage,
      `${method} / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n`,
    );
    await once(client, 'data');
    stage.watch('client', client, 'data end');
    client.end('the last');
    await happens(client, 'end');
    await turns();
  });
}

likeNode('a client that has ended: httpAllowHalfOpen', async (stage) => {
  for (const allow of [true, false]) {
    const server = http.createServer((_, response) => setTimeout(() => response.end('x'), 20));
    Object.assign(server, { httpAllowHalfOpen: allow });
    await serve(stage, server);
    const client = raw(stage, `${REQUEST}\r\n`);
    client.end();
    stage.note('client', allow, await statusOf(client));
    const closed = happens(server, 'close');
    server.close();
    await closed;
  }
});

likeNode('maxConnections and getConnections()', async (stage) => {
  const server = stage.watch('server', await serve(stage, http.createServer()), 'drop');
  server.maxConnections = 1;
  raw(stage, REQUEST);
  await happens(server, 'connection');
  const dropped = stage.track(nodeNet.connect(stage.path)).resume();
  await happens(dropped, 'end');
  server.getConnections((error, count) => stage.note('server', error, count));
  await turns();
});

likeNode('clientError', async (stage) => {
  const server = await serve(stage, http.createServer());
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    stage.note('server', error.code, socket.writable);
    socket.end('HTTP/1.1 400 Mine\r\n\r\n');
  });
  stage.note('client', await statusOf(raw(stage, 'nonsense\r\n\r\n')));
});

likeNode('Symbol.asyncDispose closes', async (stage) => {
  const server = await serve(stage, http.createServer());
  await server[Symbol.asyncDispose]();
  stage.note('server', server.listening, existsSync(stage.path));
});
