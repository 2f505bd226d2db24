// The tests of the npm package unix-dgram 2.0.7, as ours.
import { once } from 'node:events';
import { createSocket } from 'afunix/dgram';
import { expect, test } from 'vitest';
import { Scratch } from '../helpers/scratch.js';

const unexpected = (): never => {
  throw new Error('no message was to come here');
};

test('connected, without callbacks: congested messages are sent again when writable', async () => {
  using scratch = new Scratch();
  const expected = 300;
  const seen: string[] = [];
  const server = createSocket('unix_dgram', (message) => {
    if (seen.push(message.toString()) === expected) server.close();
  });
  server.bind(scratch.path());
  const client = createSocket('unix_dgram', unexpected);
  client.setMaxListeners(expected);
  let congested = 0;
  client.on('connect', () => {
    client.on('congestion', (message) => {
      congested += 1;
      client.once('writable', () => client.send(message));
    });
    for (let i = 0; i < expected; i++) client.send(Buffer.from(`PING${i}`));
  });
  client.connect(scratch.path());
  await once(server, 'close');
  client.close();
  expect(congested).toBeGreaterThan(0);
  expect(new Set(seen).size).toBe(expected);
});

test('connected, with callbacks: order holds', async () => {
  using scratch = new Scratch();
  const expected = 300;
  const seen: string[] = [];
  const server = createSocket('unix_dgram', (message) => {
    if (seen.push(message.toString()) === expected) server.close();
  });
  server.bind(scratch.path());
  const client = createSocket('unix_dgram', unexpected);
  client.on('congestion', unexpected);
  let sent = 0;
  const send = (): void => {
    client.send(Buffer.from(`PING${sent}`), (error) => {
      if (error === null) {
        sent += 1;
        if (sent < expected) setImmediate(send);
      } else {
        expect(error).toMatchObject({ message: 'congestion', code: 'EAGAIN' });
        client.once('writable', send);
      }
    });
  };
  client.on('connect', send);
  client.connect(scratch.path());
  await once(server, 'close');
  client.close();
  expect(seen).toEqual(Array.from({ length: expected }, (_, i) => `PING${i}`));
});

test('to a path, from a socket without an address and from one with', async () => {
  using scratch = new Scratch();
  const client = createSocket('unix_dgram', unexpected);
  const paths: (string | null)[] = [];
  const server = createSocket('unix_dgram', (message, remote) => {
    paths.push(remote.path);
    expect(remote.size).toBe(5);
    if (message.toString() === 'PING1') {
      client.bind(scratch.path('client'));
      client.send(Buffer.from('PING2'), 0, 5, scratch.path());
    } else {
      server.close();
    }
  });
  server.bind(scratch.path());
  client.sendto(Buffer.from('PING1'), 0, 5, scratch.path());
  await once(server, 'close');
  client.close();
  expect(paths).toEqual([null, scratch.path('client')]);
});

test("an error is an event without a callback, the callback's with one", async () => {
  using scratch = new Scratch();
  const client = createSocket('unix_dgram', unexpected);
  const errors: Error[] = [];
  client.once('error', (error) => errors.push(error));
  client.send(Buffer.from('ERROR1'), 0, 6, scratch.path());
  expect(errors).toMatchObject([{ code: 'ENOENT', syscall: 'send' }]);
  client.once('error', unexpected);
  const error = await new Promise((resolve) => {
    client.send(Buffer.from('ERROR2'), 0, 6, scratch.path(), resolve);
  });
  expect(error).toMatchObject({ code: 'ENOENT' });
  client.close();
});
