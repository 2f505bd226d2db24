// The order of what happens on both ends in one process, as node:net has it.
import type nodeNet from 'node:net';
import { features } from 'afunix';
import { happens, likeNode, turns } from '../helpers/like-node.js';

likeNode('what a connection queues runs before the next one', async (stage) => {
  let number = 0;
  await stage.listen({}, () => {
    const id = ++number;
    const note = (what: string): void => stage.note('server', what, id);
    note('connection');
    process.nextTick(() => {
      note('tick');
      queueMicrotask(() => note('microtask of the tick'));
    });
    queueMicrotask(() => {
      note('microtask');
      process.nextTick(() => note('tick of the microtask'));
    });
    (async () => {
      for (let count = 0; count < 5; count++) {
        await null;
        note(`await ${count}`);
      }
    })();
  });
  for (let count = 0; count < 3; count++) stage.connect();
  while (number < 3) await turns();
  await turns();
});

likeNode('a server that is closed after a connection accepts no further one', async (stage) => {
  let number = 0;
  const server = await stage.listen({}, () => {
    stage.note('server', 'connection', ++number);
    queueMicrotask(() => server.close());
  });
  const closed = Array.from({ length: 3 }, () => {
    const client = stage.connect().on('error', () => {});
    return happens(client.resume(), 'close');
  });
  server.on('connection', (peer) => peer.end());
  await Promise.all(closed);
});

const phases: [
  name: string,
  run: (peer: nodeNet.Socket, client: nodeNet.Socket, call: () => void) => void,
][] = [
  ['a timer', (_peer, _client, call) => setTimeout(call, 1)],
  ['an immediate', (_peer, _client, call) => setImmediate(call)],
  [
    "'data'",
    (peer, client, call) => {
      client.once('data', call);
      peer.write('x');
    },
  ],
];

for (const [name, run] of phases) {
  // Not of a thread's reports (AFUNIX_WAIT), which come in another phase of the loop than libuv's.
  const byPhase = features().busyPoll ? likeNode : () => {};
  byPhase(`connect() in ${name}: 'connection' comes before 'connect'`, async (stage) => {
    const { client, peer } = await stage.pair();
    const server = stage.track(stage.net.createServer((socket) => stage.track(socket)));
    const path = stage.scratch.path('other');
    let connected: Promise<unknown> | undefined;
    server.on('connection', () => stage.note('order', 'connection'));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    run(peer, client, () => {
      const other = stage.track(stage.net.connect(path));
      other.on('connect', () => stage.note('order', 'connect'));
      setImmediate(() => stage.note('order', 'immediate'));
      connected = happens(other, 'connect');
    });
    while (connected === undefined) await turns();
    await connected;
    await turns();
  });

  likeNode(`end() in ${name}: 'finish' comes before the peer's 'end'`, async (stage) => {
    const { client, peer } = await stage.pair();
    client.on('prefinish', () => stage.note('order', 'prefinish'));
    client.on('finish', () => stage.note('order', 'finish'));
    peer.resume().on('end', () => stage.note('order', 'end of the peer'));
    run(peer, client.resume(), () => client.end('x', () => stage.note('order', 'callback')));
    await happens(client, 'close');
  });
}

likeNode('end(), then destroy() before the end is sent', async (stage) => {
  const { client, peer } = await stage.pair();
  stage.watch('client', client, 'prefinish finish end error close');
  stage.watch('peer', peer.resume(), 'end error close');
  client.end('x', () => stage.note('client', 'callback'));
  client.destroy();
  await Promise.all([happens(client, 'close'), happens(peer, 'close')]);
});

// What the peer has done by the time this side ends, of which the loop has yet to tell.
const meanwhile: [name: string, act: (peer: nodeNet.Socket) => void][] = [
  ['ended', (peer) => peer.end()],
  ['been destroyed', (peer) => peer.destroy()],
  ['been destroyed with bytes to read', (peer) => peer.pause().destroy()],
];

for (const [what, act] of meanwhile) {
  for (const [name, run] of phases.slice(0, 2)) {
    likeNode(`end() in ${name} after the peer has ${what}`, async (stage) => {
      const { client, peer } = await stage.pair({ allowHalfOpen: true });
      stage.watch('client', client.resume(), 'prefinish finish data end error close');
      client.write('unread');
      await turns();
      run(peer, client, () => {
        act(peer);
        client.end((error?: Error | null) => stage.note('client', 'callback', error));
      });
      await happens(client, 'close');
    });
  }
}
