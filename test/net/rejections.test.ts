// `events.captureRejections`: what an async listener rejects with goes where node:net sends it.
import { EventEmitter } from 'node:events';
import { afterAll, beforeAll } from 'vitest';
import { happens, likeNode, turns } from '../helpers/like-node.js';

beforeAll(() => {
  EventEmitter.captureRejections = true;
});
afterAll(() => {
  EventEmitter.captureRejections = false;
});

const broken = async (): Promise<never> => {
  throw new Error('broken');
};

likeNode(
  "a 'connection' listener that rejects destroys its socket, and no other",
  async (stage) => {
    const server = stage.watch('server', await stage.listen(), 'error close');
    let number = 0;
    server.on('connection', async (peer) => {
      stage.watch(`peer ${++number}`, peer, 'error close');
      if (number === 2) await broken();
    });
    const first = stage.watch('first', stage.connect(), 'end error');
    await happens(first, 'connect');
    const second = stage.watch('second', stage.connect().resume(), 'end close');
    await happens(second, 'close');
    const third = stage.watch('third', stage.connect(), 'end error');
    await happens(third, 'connect');
    await turns();
    stage.note('server', server.listening);
  },
);

likeNode("createServer's own listener", async (stage) => {
  const server = stage.track(stage.net.createServer(broken));
  stage.watch('server', server, 'error').listen(stage.path);
  server.on('connection', (peer) => stage.watch('peer', peer, 'error close'));
  await happens(stage.watch('client', stage.connect().resume(), 'end close'), 'close');
});

for (const event of ['listening', 'drop', 'close', 'other']) {
  likeNode(`a listener of '${event}' that rejects: the server emits 'error'`, async (stage) => {
    const server = stage.watch('server', stage.track(stage.net.createServer()), 'error');
    server.maxConnections = 1;
    server.on(event, broken).listen(stage.path);
    await happens(server, 'listening');
    server.emit('other', 1, 2);
    for (let count = 0; count < 2; count++) {
      await happens(stage.watch(`client ${count}`, stage.connect(), 'error'), 'connect');
    }
    await turns();
    stage.note('server', server.listening);
    if (event !== 'close') return;
    server.close();
    stage.end();
    await happens(server, 'close');
    await turns();
  });
}

for (const event of ['connect', 'ready', 'data', 'end', 'finish', 'timeout']) {
  likeNode(`a listener of '${event}' of a socket that rejects destroys it`, async (stage) => {
    const server = await stage.listen({}, (peer) => peer.on('error', () => {}).end('data'));
    const client = stage.watch('client', stage.connect(), 'error close');
    if (event === 'timeout') client.setTimeout(1);
    else client.resume();
    client.on(event, broken);
    await happens(client, 'close');
    stage.note('server', server.listening);
  });
}

likeNode(
  "an 'error' listener of the server that rejects: 'error' once more, uncaptured",
  async (stage) => {
    const server = stage.watch('server', await stage.listen(), 'error');
    server.once('error', broken);
    server.emit('error', new Error('first'));
    await turns();
  },
);
