// Bytes on their way, as node:net moves them: encodings, counts, backpressure, corking, pausing.
import type nodeNet from 'node:net';
import { happens, likeNode, turns } from '../helpers/like-node.js';

const text = async (socket: NodeJS.ReadableStream): Promise<string> => {
  let all = '';
  for await (const chunk of socket) all += chunk;
  return all;
};

likeNode('strings in every encoding, buffers and views', async (stage) => {
  const { client, peer } = await stage.pair();
  for (const encoding of ['utf8', 'latin1', 'ascii', 'ucs2', 'hex', 'base64'] as const) {
    client.write('abcdefé0'.slice(0, 6), encoding);
  }
  client.write(Buffer.from('buffer'));
  client.write(new Uint8Array([1, 2, 3]));
  client.write('');
  stage.note('client', client.bytesWritten);
  client.end();
  stage.note('peer', Buffer.from(await text(peer.setEncoding('latin1')), 'latin1'));
  stage.note('peer', peer.bytesRead);
  stage.note('client', client.bytesWritten);
});

likeNode('data that is not text', async (stage) => {
  const { client } = await stage.pair();
  for (const data of [1, null, {}, undefined]) {
    try {
      client.write(data as never);
    } catch (error) {
      stage.note('client', (error as NodeJS.ErrnoException).code);
    }
  }
});

likeNode('corked writes arrive together, callbacks run in order', async (stage) => {
  const { client, peer } = await stage.pair();
  stage.watch('peer', peer, 'data end close');
  client.cork();
  for (const word of ['one ', 'two ', 'three']) {
    client.write(word, (error) => stage.note('client', word, error));
  }
  stage.note('client', client.writableCorked, client.bytesWritten, client.writableLength);
  client.uncork();
  stage.note('client', 'uncorked', client.writableLength);
  await happens(peer, 'data');
  client.end();
  await happens(peer, 'close');
});

likeNode('3,000 corked buffers', async (stage) => {
  const { client, peer } = await stage.pair();
  client.cork();
  for (let index = 0; index < 3000; index++) client.write(Buffer.from(`${index},`));
  client.uncork();
  client.end();
  const all = await text(peer);
  stage.note('peer', all.length, all.slice(0, 20), all.slice(-20), peer.bytesRead);
});

likeNode('backpressure: write says false, drain follows when the peer reads', async (stage) => {
  const { client, peer } = await stage.pair({ pauseOnConnect: true });
  const chunk = Buffer.alloc(64 * 1024, 'x');
  let written = 0;
  while (client.write(chunk)) written += 1;
  stage.note('client', client.writableNeedDrain);
  for (let index = 0; index < 20; index++) client.write(chunk);
  await turns();
  stage.note(
    'client',
    client.writableLength > 0,
    client.bytesWritten === (written + 21) * chunk.length,
  );
  stage.watch('client', client, 'drain finish');
  peer.resume();
  await happens(client, 'drain');
  stage.note('client', client.writableLength);
  client.end();
  await happens(peer, 'end');
  stage.note('peer', peer.bytesRead === (written + 21) * chunk.length);
});

likeNode('a write callback runs after the call, before the next turn', async (stage) => {
  const { client } = await stage.pair();
  client.write('x', () => stage.note('client', 'callback'));
  stage.note('client', 'called');
  await new Promise((resolve) => setImmediate(resolve));
  stage.note('client', 'next turn');
});

likeNode('paused: nothing comes until resume', async (stage) => {
  const { client, peer } = await stage.pair();
  stage.watch('peer', peer, 'data pause resume end');
  peer.pause();
  client.write('early');
  await turns();
  stage.note('peer', 'still paused', peer.isPaused());
  peer.resume();
  await happens(peer, 'data');
});

likeNode('pauseOnConnect: the first bytes wait for a reader', async (stage) => {
  const { client, peer } = await stage.pair({ pauseOnConnect: true });
  stage.note('peer', peer.isPaused(), peer.readableFlowing);
  client.end('waiting');
  await turns();
  stage.note('peer', peer.bytesRead);
  stage.watch('peer', peer, 'data end close');
  peer.resume();
  await happens(peer, 'close');
});

likeNode('readable and read()', async (stage) => {
  const { client, peer } = await stage.pair();
  client.write('abcdef');
  await happens(peer, 'readable');
  stage.note('peer', peer.read(2), peer.read(10), peer.read());
  client.end();
  await happens(peer, 'end');
});

likeNode('setEncoding: a character cut in two', async (stage) => {
  const { client, peer } = await stage.pair();
  stage.watch('peer', peer.setEncoding('utf8'), 'data end');
  const bytes = Buffer.from('€');
  client.write(bytes.subarray(0, 1));
  await turns();
  client.end(bytes.subarray(1));
  await happens(peer, 'end');
});

likeNode('onread reads into one buffer', async (stage) => {
  const server = await stage.listen({}, (peer) => peer.end('0123456789'));
  const buffer = Buffer.alloc(4);
  const client = stage.connect({
    onread: {
      buffer,
      callback(length: number, memory: Buffer) {
        stage.note('client', length, memory === buffer, memory.subarray(0, length));
      },
    },
  });
  stage.watch('client', client, 'data end close');
  await happens(client, 'close');
  stage.note('client', client.bytesRead, server.listening);
});

likeNode('onread with a new buffer for each read, paused and resumed', async (stage) => {
  await stage.listen({}, (peer) => peer.end('abcdefgh'));
  let made = 0;
  const client = stage.connect({
    onread: {
      buffer: () => {
        made += 1;
        return Buffer.alloc(3);
      },
      callback(length: number, memory: Buffer) {
        stage.note('client', memory.subarray(0, length));
        setTimeout(() => client.resume(), 1);
        return false;
      },
    },
  });
  client.on('end', () => {});
  await happens(client, 'close');
  stage.note('client', made, client.bytesRead);
});

likeNode(
  'onread: `this` is the socket, and the memory is asked for when it connects',
  async (stage) => {
    await stage.listen({}, (peer) => peer.end('hello'));
    let asked = 0;
    const onread = {
      buffer(this: unknown): Uint8Array {
        stage.note('buffer', typeof this, ++asked);
        // What is no memory the second time leaves the first in use.
        return asked === 1 ? Buffer.alloc(10) : ('junk' as never);
      },
      callback(this: unknown, count: number, buffer: Uint8Array): boolean {
        stage.note('callback', this === socket, count, buffer.subarray(0, count));
        return true;
      },
    };
    const socket = stage.track(new stage.net.Socket({ onread } as never));
    stage.note('new', asked, socket.destroyed);
    socket.connect(stage.path);
    stage.note('called', asked);
    await happens(socket, 'close');
  },
);

likeNode('_writev = null: chunks go one by one', async (stage) => {
  const server = await stage.listen();
  for (const connected of [false, true]) {
    const client = stage.connect();
    const [peer] = (await happens(server, 'connection')) as [nodeNet.Socket];
    if (connected) await happens(client, 'connect');
    const write = client._write;
    Object.assign(client, {
      _writev: null,
      _write(...args: Parameters<typeof write>) {
        stage.note('_write', args[0], args[1]);
        write.apply(client, args);
      },
    });
    client.cork();
    client.write('a');
    client.write(Buffer.from('b'));
    client.uncork();
    client.end('c');
    peer.on('data', (data) => stage.note('peer', data));
    await happens(peer, 'end');
  }
});

likeNode('highWaterMark of both ends', async (stage) => {
  const { client, peer } = await stage.pair({ highWaterMark: 10 }, { highWaterMark: 20 });
  stage.note('peer', peer.readableHighWaterMark, peer.writableHighWaterMark);
  stage.note('client', client.readableHighWaterMark, client.writableHighWaterMark);
});

likeNode('default highWaterMark', async (stage) => {
  const { client, peer } = await stage.pair();
  stage.note('peer', peer.readableHighWaterMark, peer.writableHighWaterMark);
  stage.note('client', client.readableHighWaterMark, client.writableHighWaterMark);
});

likeNode('a timeout comes once, is put off by traffic, and can be taken back', async (stage) => {
  const { client, peer } = await stage.pair();
  stage.note('client', client.timeout);
  client.setTimeout(5, () => stage.note('client', 'callback'));
  stage.note('client', client.timeout);
  stage.watch('client', client, 'timeout');
  await happens(client, 'timeout');
  await turns();
  peer.write('wake');
  await happens(client, 'timeout');
  client.setTimeout(0);
  stage.note('client', client.timeout, client.listenerCount('timeout'), client.destroyed);
});
