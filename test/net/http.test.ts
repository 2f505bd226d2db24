// Node's own HTTP, and the two libraries most built on it, over sockets of this package.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { pipeline } from 'node:stream/promises';
import { connect, createServer, type Server, type Socket } from 'afunix/net';
import { Client } from 'undici';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Scratch } from '../helpers/scratch.js';

const MEGABYTE = 1024 * 1024;
const BODY = 100;

/** Megabytes that differ from each other. */
function* megabytes(count: number): Generator<Buffer> {
  for (let index = 0; index < count; index++) yield Buffer.alloc(MEGABYTE, index);
}

function digestOf(parts: Iterable<Buffer>): string {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

async function digest(stream: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha1');
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
}

/** Echoes small bodies' digest; `/big` answers with 100 MB; counts the connections it is given. */
class Web implements AsyncDisposable {
  readonly scratch = new Scratch();
  readonly http = http.createServer((request, response) => this.#answer(request, response));
  readonly server: Server = createServer((socket) => {
    this.connections += 1;
    this.http.emit('connection', socket);
  });
  /** An agent asks its own createConnection for a socket. */
  readonly agent = Object.assign(new http.Agent({ keepAlive: true }), {
    createConnection: () => connect(this.path),
  });
  connections = 0;

  static async start(): Promise<Web> {
    const web = new Web();
    web.server.listen(web.path);
    await once(web.server, 'listening');
    return web;
  }

  get path(): string {
    return this.scratch.path();
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    if (request.url === '/big') await pipeline(megabytes(BODY), response);
    else response.end(`${request.url} ${await digest(request)}`);
  }

  request(options: http.RequestOptions): http.ClientRequest {
    return http.request({ agent: this.agent, ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.agent.destroy();
    this.http.closeAllConnections();
    await this.server[Symbol.asyncDispose]();
    this.scratch[Symbol.dispose]();
  }
}

async function textOf(request: http.ClientRequest): Promise<string> {
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return text;
}

const nothing = digestOf([]);

test('keep-alive: a hundred requests on one connection', async () => {
  await using web = await Web.start();
  for (let index = 0; index < 100; index++) {
    expect(await textOf(web.request({ path: `/${index}` }).end())).toBe(`/${index} ${nothing}`);
  }
  expect(web.connections).toBe(1);
});

test('createConnection itself, with socketPath and no agent', async () => {
  await using web = await Web.start();
  const request = http.request({
    socketPath: web.path,
    path: '/direct',
    agent: false,
    createConnection: connect as never,
  });
  expect(await textOf(request.end())).toBe(`/direct ${nothing}`);
});

test('many requests at once', async () => {
  await using web = await Web.start();
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) => textOf(web.request({ path: `/${index}` }).end())),
  );
  expect(answers).toEqual(answers.map((_, index) => `/${index} ${nothing}`));
});

test('a 100 MB answer', async () => {
  await using web = await Web.start();
  const [response] = await once(web.request({ path: '/big' }).end(), 'response');
  expect(await digest(response)).toBe(digestOf(megabytes(BODY)));
});

test('a 100 MB request', async () => {
  await using web = await Web.start();
  const request = web.request({ method: 'POST', path: '/up' });
  const answer = textOf(request);
  await pipeline(megabytes(BODY), request);
  expect(await answer).toBe(`/up ${digestOf(megabytes(BODY))}`);
});

test('an upgrade hands the socket over, with what came after', async () => {
  await using web = await Web.start();
  web.http.on('upgrade', (_request, socket: Socket, head: Buffer) => {
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n',
    );
    socket.write(head);
    socket.pipe(socket);
  });
  const request = web.request({ headers: { Upgrade: 'echo', Connection: 'Upgrade' } });
  const [, socket, head] = (await once(request.end(), 'upgrade')) as [unknown, Socket, Buffer];
  socket.end('straight through');
  let text = head.toString();
  for await (const chunk of socket) text += chunk;
  expect(text).toBe('straight through');
});

test('a server that goes away in mid-answer: ECONNRESET, as with node:net', async () => {
  await using web = await Web.start();
  web.http.removeAllListeners('request').on('request', (request) => request.socket.destroy());
  const [error] = await once(web.request({}).end(), 'error');
  expect(error).toMatchObject({ code: 'ECONNRESET', message: 'socket hang up' });
});

test('nobody listens: the request fails with the error of connect', async () => {
  using scratch = new Scratch();
  const request = http.get({ createConnection: () => connect(scratch.path()) as never });
  const [error] = await once(request, 'error');
  expect(error).toMatchObject({ code: 'ENOENT', syscall: 'connect', address: scratch.path() });
});

test('undici: requests and a body of 20 MB', async () => {
  await using web = await Web.start();
  const client = new Client('http://localhost', {
    connect: (_options, callback) => {
      const socket = connect(web.path, () => callback(null, socket as never));
      socket.on('error', (error) => callback(error, null));
    },
  });
  for (let index = 0; index < 50; index++) {
    const { body } = await client.request({ path: `/${index}`, method: 'GET' });
    expect(await body.text()).toBe(`/${index} ${nothing}`);
  }
  const body = Buffer.concat([...megabytes(20)]);
  const answer = await client.request({ path: '/up', method: 'POST', body });
  expect(await answer.body.text()).toBe(`/up ${digestOf([body])}`);
  expect(web.connections).toBe(1);
  await client.close();
});

test('ws: messages of many sizes come back, and a clean close', async () => {
  await using web = await Web.start();
  const sockets = new WebSocketServer({ server: web.http });
  sockets.on('connection', (socket) => {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  const client = new WebSocket('ws://localhost/', {
    createConnection: (() => connect(web.path)) as never,
  });
  await once(client, 'open');
  for (const size of [0, 1, 125, 126, 65_535, 65_536, 1_000_000]) {
    const sent = Buffer.alloc(size, size % 251);
    client.send(sent);
    const [received] = await once(client, 'message');
    expect(sent.equals(received)).toBe(true);
  }
  const closed = once(client, 'close');
  client.close(1000, 'done');
  expect((await closed)[0]).toBe(1000);
  sockets.close();
});
