// `connect()` again, as node:net does it: while connecting, when connected and after the end.
import net from 'afunix/net';
import { expect, test } from 'vitest';
import { happens, likeNode, type Stage, turns } from '../helpers/like-node.js';
import { Scratch } from '../helpers/scratch.js';

const events =
  'connectionAttempt connect ready end finish close error timeout connectionAttemptFailed';

const settled = async (): Promise<void> => {
  for (let count = 0; count < 3; count++) await turns();
};

const again: [name: string, first: (stage: Stage) => string, second: (stage: Stage) => string][] = [
  ['to the same server', ({ path }) => path, ({ path }) => path],
  ['to nowhere', ({ path }) => path, ({ path }) => `${path}-nowhere`],
];

for (const [name, first, second] of again) {
  likeNode(`connect() while connecting, ${name}`, async (stage) => {
    stage.watch('server', await stage.listen(), 'connection');
    const client = stage.watch('client', stage.track(new stage.net.Socket()), events);
    client.connect(first(stage), () => stage.note('client', 'first'));
    client.connect(second(stage), () => stage.note('client', 'second'));
    await settled();
    stage.note('client', client.connecting, client.destroyed, client.readyState);
  });
}

test('connect() to a server, while connecting to nowhere', async () => {
  using scratch = new Scratch();
  await using server = net.createServer().listen(scratch.path());
  const client = new net.Socket().connect(scratch.path('nowhere')).connect(scratch.path());
  await Promise.all([happens(server, 'connection'), happens(client, 'connect')]);
  await settled();
  expect([client.readyState, client.destroyed]).toEqual(['open', false]);
  client.destroy();
});

likeNode('connect() when connected', async (stage) => {
  stage.watch('server', await stage.listen(), 'connection');
  const client = stage.watch('client', stage.connect(), events);
  await happens(client, 'connect');
  client.connect(stage.path, () => stage.note('client', 'second'));
  stage.note('client', client.connecting, client.destroyed, client.readyState);
  await settled();
  stage.note('client', client.connecting, client.destroyed, client.readyState);
});

likeNode('bytes are counted anew after a reconnect', async (stage) => {
  await stage.listen({}, (peer) => peer.resume().end('hello'));
  const client = stage.watch('client', stage.connect().resume(), 'close connect');
  const count = (): void => stage.note('client', client.bytesRead, client.bytesWritten);
  client.write('abc');
  await happens(client, 'close');
  count();
  client.connect(stage.path);
  count();
  client.write('zz');
  count();
  await happens(client, 'close');
  count();
});

likeNode('end() and destroy(), then connect() at once', async (stage) => {
  let served = 0;
  await stage.listen({}, (peer) => {
    const name = `peer ${++served}`;
    stage.watch(name, peer, 'data end');
    peer.once('data', () => peer.end('answer'));
  });
  const client = stage.watch('client', stage.connect(), events);
  await happens(client, 'connect');
  client.end();
  client.destroy();
  client.connect(stage.path, () => client.end('question'));
  client.resume();
  client.on('data', (data) => stage.note('client', data));
  await happens(client, 'data');
});
