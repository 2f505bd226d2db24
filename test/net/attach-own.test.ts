// What an attached server has that it has not on its own listen(), and what attach() refuses.
import { once } from 'node:events';
import { statSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { Server as NodeServer } from 'node:net';
import { type FileDescriptor, type Message, UnixDatagram, UnixStream } from 'afunix';
import nodeNet, { attach, Socket } from 'afunix/net';
import { expect, test } from 'vitest';
import { Scratch } from '../helpers/scratch.js';

async function get(path: string): Promise<string> {
  const [response] = (await once(http.get({ socketPath: path, agent: false }), 'response')) as [
    http.IncomingMessage,
  ];
  return (await response.toArray()).join('');
}

test('returns the server, and a request knows the process that made it', async () => {
  using scratch = new Scratch();
  const plain = http.createServer(({ socket }, response) => {
    expect(socket).toBeInstanceOf(Socket);
    response.end(String((socket as unknown as Socket).peerCredentials()?.pid));
  });
  await using server = attach(plain);
  expect(server).toBe(plain);
  server.listen(scratch.path());
  await once(server, 'listening');
  expect(await get(scratch.path())).toBe(String(process.pid));
});

test('authorize: who may connect, the others emit drop', async () => {
  using scratch = new Scratch();
  let allowed = false;
  await using server = attach(
    http.createServer((_, response) => response.end('yes')),
    { authorize: ({ pid }) => allowed && pid === process.pid },
  );
  server.listen(scratch.path());
  await once(server, 'listening');
  const dropped = once(server, 'drop');
  await expect(get(scratch.path())).rejects.toMatchObject({
    code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/),
  });
  expect((await dropped)[0]).toMatchObject({ pid: process.pid });
  allowed = true;
  expect(await get(scratch.path())).toBe('yes');
});

test('listen() takes the options of a Server', async () => {
  using scratch = new Scratch();
  const path = scratch.path();
  await using first = attach(http.createServer()).listen({ path, mode: 0o600 });
  await once(first, 'listening');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await using second = attach(http.createServer((_, response) => response.end('second')));
  second.listen({ path, replace: 'always' }, 5);
  await once(second, 'listening');
  expect(await get(path)).toBe('second');
});

test('its descriptor can be sent', async () => {
  using scratch = new Scratch();
  const server = attach(http.createServer((_, response) => response.end('from here')));
  expect(server.fd).toBe(-1);
  server.listen({ path: scratch.path(), unlinkOnClose: false });
  await once(server, 'listening');
  const [left, right] = UnixStream.pair({ maxFds: 1 });
  await left.write('x', { fds: [server] });
  const { fds } = (await right.receive()) as Message;
  left.close();
  right.close();
  server.close();
  await using successor = attach(http.createServer((_, response) => response.end('from there')));
  successor.listen({ fd: fds[0] as FileDescriptor });
  await once(successor, 'listening');
  expect(await get(scratch.path())).toBe('from there');
});

test('methods can be replaced, as those of any server', () => {
  const server = attach(http.createServer());
  const listen = (): never => server as never;
  server.listen = listen;
  expect(server.listen).toBe(listen);
  expect(Object.keys(server)).not.toContain('listen');
});

test('a server of node:https never serves without TLS: it is refused where it is none of node:net', () => {
  const server = https.createServer();
  if (server instanceof NodeServer) {
    expect(attach(server)).toBe(server);
  } else {
    expect(() => attach(server)).toThrow(
      expect.objectContaining({ code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' }),
    );
  }
});

test('refuses what is no server, what listens, and a second time', async () => {
  using scratch = new Scratch();
  for (const wrong of [undefined, null, {}, http, nodeNet.createServer(), UnixDatagram]) {
    expect(() => attach(wrong as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  }
  expect(() => attach(http.createServer(), { mode: 0o600 } as never)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
  );
  expect(() => attach(http.createServer(), { authorize: true as never })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
  );
  const server = attach(http.createServer());
  expect(() => attach(server)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_STATE' }));
  expect(() => server.listen(8080 as never)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
  );
  const listens = http.createServer().listen(scratch.path());
  expect(() => attach(listens)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_STATE' }));
  listens.close();
});
