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

likeNode('https: requestTimeout', async (stage) => {
  const timeouts = { headersTimeout: 20, requestTimeout: 30, connectionsCheckingInterval: 10 };
  await serve(stage, https.createServer({ ...serverKey, ...timeouts }));
  stage.note('client', await statusOf(secureRaw(stage, `${REQUEST}Content-Length: 9\r\n\r\nhalf`)));
});

likeNode('https: closeIdleConnections() leaves the busy ones', async (stage) => {
  const server = https.createServer(serverKey, (request, response) => {
    if (request.url === '/') response.end();
  });
  await serve(stage, server);
  const idle = secureRaw(stage, `${REQUEST}\r\n`);
  await once(idle, 'data');
  const busy = secureRaw(stage, 'GET /busy HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(server, 'request');
  const ended = happens(idle, 'end');
  server.closeIdleConnections();
  await ended;
  await turns();
  stage.note('busy', busy.readableEnded, busy.destroyed);
});

for (const [event, method] of [
  ['upgrade', 'GET'],
  ['connect', 'CONNECT'],
] as const) {
  likeNode(`https: ${event}`, async (stage) => {
    const server = https.createServer(serverKey).on(event, (_request, socket, head) => {
      stage.note('peer', head);
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      stage.watch('peer', socket, 'data end').on('end', () => socket.end('after the end'));
    });
    await serve(stage, server);
    const upgrade = 'Connection: Upgrade\r\nUpgrade: x\r\n\r\n';
    const client = secureRaw(stage, `${method} / HTTP/1.1\r\nHost: x\r\n${upgrade}`);
    await once(client, 'data');
    stage.watch('client', client, 'data end');
    client.end('the last');
    await happens(client, 'end');
  });
}

likeNode('http2: CONNECT', async (stage) => {
  const server = http2.createServer();
  server.on('stream', (stream, { ':method': method, ':authority': authority }) => {
    stage.note('server', method, authority);
    stream.respond({ ':status': 200 });
    stream.on('data', (data) => stream.end(`echo ${data}`));
  });
  await serve(stage, server);
  const createConnection = (): nodeNet.Socket => stage.connect();
  const session = http2.connect('http://localhost', { createConnection });
  const stream = session.request({ ':method': 'CONNECT', ':authority': 'elsewhere:1' });
  stream.end('hello');
  stage.note('client', (await stream.toArray()).join(''));
  session.close();
  await closes(stage, server);
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
