// As attach.test.ts: servers of https, http2 and tls. A shared key saves them a certificate.
import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import type nodeNet from 'node:net';
import tls from 'node:tls';
import { attached, raw, serve, statusOf } from '../helpers/attached.js';
import { happens, likeNode, type Stage, turns } from '../helpers/like-node.js';

const psk = Buffer.alloc(16, 1);
const shared = { ciphers: 'PSK', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
const serverKey = { ...shared, pskCallback: () => psk };
const clientKey = {
  ...shared,
  pskCallback: () => ({ psk, identity: 'client' }),
  checkServerIdentity: () => undefined,
};
const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n';
const events = 'listening close error drop';

function secure(stage: Stage, options: tls.ConnectionOptions = {}): tls.TLSSocket {
  return stage.track(tls.connect({ path: stage.path, ...clientKey, ...options }));
}

function secureRaw(stage: Stage, text: string): tls.TLSSocket {
  const socket = secure(stage);
  socket.write(text);
  return socket;
}

/** Closes `server`, and notes what happens. */
async function closes(stage: Stage, server: nodeNet.Server): Promise<void> {
  stage.watch('server', server, events);
  const closed = happens(server, 'close');
  server.close((error) => stage.note('callback', error));
  await closed;
  await turns();
  stage.note('server', server.listening, server.address());
}

likeNode('https: a request, and close()', async (stage) => {
  const server = https.createServer(serverKey, ({ socket, url }, response) => {
    response.end(`${url} ${(socket as tls.TLSSocket).encrypted}`);
  });
  await serve(stage, server);
  for (const Connection of ['close', 'keep-alive']) {
    const client = secureRaw(stage, `${REQUEST}Connection: ${Connection}\r\n\r\n`);
    const [data] = (await once(client, 'data')) as [Buffer];
    stage.note('client', data.toString().split('\r\n').at(0), data.includes('/ true'));
  }
  await closes(stage, server);
});

likeNode('https: headersTimeout', async (stage) => {
  const timeouts = { headersTimeout: 30, requestTimeout: 0, connectionsCheckingInterval: 10 };
  await serve(stage, https.createServer({ ...serverKey, ...timeouts }));
  stage.note('client', await statusOf(secureRaw(stage, REQUEST)));
});

likeNode('https: closeAllConnections()', async (stage) => {
  const server = await serve(stage, https.createServer(serverKey));
  const client = secureRaw(stage, `${REQUEST}\r\n`).on('error', () => {});
  await once(server, 'request');
  const closed = happens(client, 'close');
  server.closeAllConnections();
  await closed;
  await closes(stage, server);
});

likeNode('https: a client that speaks no TLS', async (stage) => {
  const server = await serve(stage, https.createServer(serverKey));
  const failed = happens(server, 'tlsClientError');
  raw(stage, `${REQUEST}\r\n`).on('error', () => {});
  const [error] = (await failed) as [NodeJS.ErrnoException];
  stage.note('server', error.code);
});

likeNode('tls: a server of its own protocol', async (stage) => {
  const server = tls.createServer(serverKey, (socket) => socket.end('hello'));
  await serve(stage, server);
  const [data] = await once(secure(stage), 'data');
  stage.note('client', data);
  await closes(stage, server);
});

likeNode('http2: streams, and close() when the session has ended', async (stage) => {
  const server = http2.createServer(({ url, httpVersion }, response) => {
    response.end(`${url} ${httpVersion}`);
  });
  await serve(stage, server);
  const createConnection = (): nodeNet.Socket => stage.connect();
  const session = http2.connect('http://localhost', { createConnection });
  for (const path of ['/1', '/2']) {
    stage.note('client', (await session.request({ ':path': path }).toArray()).join(''));
  }
  session.close();
  await closes(stage, server);
});

likeNode('http2: close() while a session is open', async (stage) => {
  const server = await serve(stage, http2.createServer());
  const createConnection = (): nodeNet.Socket => stage.connect();
  const session = http2.connect('http://localhost', { createConnection });
  await happens(session, 'remoteSettings');
  const closed = happens(server, 'close');
  const ended = happens(session, 'close');
  server.close();
  await new Promise((resolve) => setTimeout(resolve, 100));
  stage.note('session', session.closed, session.destroyed);
  session.close();
  await Promise.all([closed, ended]);
});

likeNode('http2: the timeout of a session', async (stage) => {
  const server = await serve(stage, http2.createServer());
  const timedOut = happens(server, 'timeout');
  server.setTimeout(20);
  const createConnection = (): nodeNet.Socket => stage.connect();
  const session = http2.connect('http://localhost', { createConnection });
  const closed = happens(session, 'close');
  await timedOut;
  session.close();
  await closed;
  await closes(stage, server);
});

likeNode('http2: HTTP/1 and HTTP/2 over TLS', async (stage) => {
  const server = http2.createSecureServer(
    { ...serverKey, allowHTTP1: true },
    ({ httpVersion }, response) => response.end(httpVersion),
  );
  attached(stage, server);
  Object.assign(server, { headersTimeout: 50, connectionsCheckingInterval: 10 });
  const listening = happens(server, 'listening');
  server.listen(stage.path);
  await listening;
  const createConnection = (): tls.TLSSocket => secure(stage, { ALPNProtocols: ['h2'] });
  const session = http2.connect('https://localhost', { createConnection });
  stage.note('client', (await session.request({ ':path': '/' }).toArray()).join(''));
  session.close();
  const [data] = (await once(secureRaw(stage, `${REQUEST}\r\n`), 'data')) as [Buffer];
  stage.note('client', data.toString().split('\r\n').at(0));
  stage.note('client', await statusOf(secureRaw(stage, REQUEST)));
  await closes(stage, server);
});
