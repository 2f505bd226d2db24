// How a connection ends, as node:net has it: half-open, write after end, destroy at every stage.
import { once } from 'node:events';
import { finished, pipeline } from 'node:stream/promises';
import { happens, likeNode, turns } from '../helpers/like-node.js';

const events = 'end finish close error';

likeNode('one end() ends both sides', async (stage) => {
  const { client, peer } = await stage.pair();
  stage.watch('client', client.resume(), events);
  stage.watch('peer', peer.resume(), events);
  client.end(() => stage.note('end', 'callback', client.readyState));
  await Promise.all([happens(client, 'close'), happens(peer, 'close')]);
  stage.note('client', client.readyState, client.destroyed, client.writableFinished);
});

likeNode('allowHalfOpen: the server answers after the end', async (stage) => {
  const { client, peer } = await stage.pair({ allowHalfOpen: true });
  stage.watch('client', client, `data ${events}`);
  stage.watch('peer', peer, `data ${events}`);
  client.end('question');
  await happens(peer, 'end');
  stage.note('peer', peer.readyState, peer.writable);
  await turns();
  peer.end('answer');
  await Promise.all([happens(client, 'close'), happens(peer, 'close')]);
});

likeNode('both sides half-open: each ends by itself', async (stage) => {
  const { client, peer } = await stage.pair({ allowHalfOpen: true }, { allowHalfOpen: true });
  stage.watch('client', client.resume(), events);
  stage.watch('peer', peer.resume(), events);
  peer.end();
  await happens(client, 'end');
  await turns();
  stage.note('client', client.readyState, client.destroyed);
  client.end();
  await Promise.all([happens(client, 'close'), happens(peer, 'close')]);
});

likeNode('write after end()', async (stage) => {
  const { client } = await stage.pair();
  stage.watch('client', client, events);
  client.end();
  stage.note(
    'write',
    client.write('late', (error) => stage.note('callback', error)),
  );
  await happens(client, 'close');
});

likeNode('write after the peer ended', async (stage) => {
  const { client, peer } = await stage.pair();
  stage.watch('client', client.resume(), events);
  client.on('end', () => {
    stage.note(
      'write',
      client.write('late', (error) => stage.note('callback', error)),
    );
  });
  peer.end();
  await happens(client, 'close');
});

likeNode('write after destroy()', async (stage) => {
  const { client } = await stage.pair();
  stage.watch('client', client, events);
  client.destroy();
  stage.note(
    'write',
    client.write('late', (error) => stage.note('callback', error)),
  );
  await happens(client, 'close');
  await turns();
});

likeNode('destroy() with an error', async (stage) => {
  const { client, peer } = await stage.pair();
  stage.watch('client', client, events);
  stage.watch('peer', peer.resume(), events);
  client.destroy(new Error('why not'));
  stage.note('client', client.destroyed, client.readyState, client.pending);
  await Promise.all([happens(client, 'close'), happens(peer, 'close')]);
});

likeNode('destroy() twice', async (stage) => {
  const { client } = await stage.pair();
  stage.watch('client', client, events);
  client.destroy().destroy(new Error('too late'));
  await happens(client, 'close');
  await turns();
});

likeNode('destroy() in a data listener', async (stage) => {
  const { client, peer } = await stage.pair();
  stage.watch('peer', peer, `data ${events}`);
  peer.on('data', () => peer.destroy());
  client.on('error', () => {});
  client.write(Buffer.alloc(10));
  await happens(peer, 'close');
});

likeNode('destroySoon() writes everything first', async (stage) => {
  const { client, peer } = await stage.pair();
  stage.watch('client', client, events);
  let length = 0;
  peer.on('data', (data) => {
    length += data.length;
  });
  client.write(Buffer.alloc(1_000_000));
  client.destroySoon();
  await happens(peer, 'close');
  stage.note('peer', length);
});

likeNode('resetAndDestroy() is refused', async (stage) => {
  const { client } = await stage.pair();
  try {
    client.resetAndDestroy();
  } catch (error) {
    stage.note('client', error, client.destroyed);
  }
});

likeNode('the peer goes with our bytes unread: ECONNRESET', async (stage) => {
  const { client, peer } = await stage.pair({ pauseOnConnect: true });
  stage.watch('client', client.resume(), events);
  client.write('unread');
  await turns();
  peer.destroy();
  await happens(client, 'close');
});

likeNode('the peer goes while we write: EPIPE', async (stage) => {
  const { client, peer } = await stage.pair({ pauseOnConnect: true });
  client.pause();
  stage.watch('client', client, 'error close');
  for (let index = 0; index < 50; index++) client.write(Buffer.alloc(65536));
  await turns();
  peer.destroy();
  await happens(client, 'close');
});

likeNode('end() before connect', async (stage) => {
  const server = await stage.listen({}, (peer) => peer.resume());
  const client = stage.watch('client', stage.connect(), `connect ${events}`);
  client.resume();
  client.end();
  await happens(client, 'close');
  stage.note('server', server.listening);
});

likeNode('finished() and pipeline() settle', async (stage) => {
  const { client, peer } = await stage.pair();
  const echoed = pipeline(peer, peer).then(
    () => stage.note('peer', 'piped'),
    (error) => stage.note('peer', error),
  );
  let text = '';
  client.on('data', (data) => {
    text += data;
  });
  client.end('there and back');
  await finished(client);
  await echoed;
  stage.note('client', text);
});

likeNode('finished() of a destroyed socket: premature close', async (stage) => {
  const { client } = await stage.pair();
  const done = finished(client).catch((error) => stage.note('client', error));
  client.destroy();
  await done;
});

likeNode('for await to the end', async (stage) => {
  const { client, peer } = await stage.pair();
  client.end('all of it');
  for await (const chunk of peer) stage.note('peer', chunk);
  await turns();
  stage.note('peer', peer.destroyed);
});

likeNode('Symbol.asyncDispose', async (stage) => {
  const { client } = await stage.pair();
  stage.watch('client', client, 'close error');
  await (client as unknown as AsyncDisposable)[Symbol.asyncDispose]();
  await turns();
  stage.note('client', client.destroyed);
});

likeNode('a signal aborts an open connection', async (stage) => {
  const controller = new AbortController();
  const { client } = await stage.pair({}, { signal: controller.signal });
  stage.watch('client', client, events);
  const closed = once(client, 'close').catch(() => {});
  controller.abort();
  await closed;
  await turns();
});
