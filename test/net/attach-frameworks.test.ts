// attach() with the packages that are built on http servers.
import { once } from 'node:events';
import http from 'node:http';
import { attach, connect, Socket } from 'afunix/net';
import express from 'express';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Scratch } from '../helpers/scratch.js';

/** Resolves with the answer's status and text. */
async function ask(path: string, options: http.RequestOptions = {}, body = ''): Promise<string> {
  const request = http.request({ socketPath: path, agent: false, ...options }).end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return `${response.statusCode} ${(await response.toArray()).join('')}`;
}

test('express: routes, a body, and who asked', async () => {
  using scratch = new Scratch();
  const path = scratch.path();
  const app = express();
  app.use(express.json());
  app.get('/who', ({ socket }, response) => {
    response.json((socket as unknown as Socket).peerCredentials()?.pid);
  });
  app.post('/sum', ({ body }, response) => {
    response.json(body.a + body.b);
  });
  await using server = attach(http.createServer(app)).listen(path);
  await once(server, 'listening');
  expect(await ask(path, { path: '/who' })).toBe(`200 ${process.pid}`);
  const options = { path: '/sum', method: 'POST', headers: { 'content-type': 'application/json' } };
  expect(await ask(path, options, '{"a":1,"b":2}')).toBe('200 3');
  expect(await ask(path, { path: '/missing' })).toMatch(/^404 /);
});

test('fastify: serverFactory, listen({ path }) and close() with an idle connection', async () => {
  using scratch = new Scratch();
  const path = scratch.path();
  const app = Fastify({ serverFactory: (handler) => attach(http.createServer(handler)) });
  app.get('/', async ({ raw: { socket } }) => ({ ours: socket instanceof Socket }));
  app.post('/', async ({ body }) => body);
  expect(await app.listen({ path })).toBe(path);
  const agent = new http.Agent({ keepAlive: true });
  expect(await ask(path, { agent })).toBe('200 {"ours":true}');
  const options = { method: 'POST', headers: { 'content-type': 'application/json' } };
  expect(await ask(path, options, '{"a":[1]}')).toBe('200 {"a":[1]}');
  await app.close();
  expect(app.server.listening).toBe(false);
  agent.destroy();
});

test('ws: a server on the attached one', async () => {
  using scratch = new Scratch();
  const path = scratch.path();
  const server = attach(http.createServer());
  const sockets = new WebSocketServer({ server });
  const listening = once(sockets, 'listening');
  sockets.on('connection', (socket) => {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  server.listen(path);
  await listening;
  expect(sockets.address()).toBe(path);
  for (const url of [`ws+unix://${path}:/`, 'ws://localhost/']) {
    const options = url.startsWith('ws:') ? { createConnection: () => connect(path) } : {};
    const client = new WebSocket(url, options as never);
    await once(client, 'open');
    client.send('there and back');
    expect(String((await once(client, 'message'))[0])).toBe('there and back');
    client.close();
    await once(client, 'close');
  }
  const ended = once(server, 'close');
  sockets.close();
  server.close();
  await ended;
});
