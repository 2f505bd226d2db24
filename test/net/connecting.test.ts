// Connecting, as node:net does it: errors, order of events, state on the way.
import { renameSync, writeFileSync } from 'node:fs';
import nodeNet from 'node:net';
import { happens, likeNode, turns } from '../helpers/like-node.js';

const events = 'connectionAttempt connect ready end close error timeout connectionAttemptFailed';

likeNode('nobody is there: ENOENT', async (stage) => {
  const socket = stage.watch('client', stage.connect(), events);
  await happens(socket, 'close');
  stage.note('client', socket.destroyed, socket.pending, socket.readyState, socket.connecting);
});

likeNode('a file that is no socket: ECONNREFUSED', async (stage) => {
  writeFileSync(stage.path, '');
  await happens(stage.watch('client', stage.connect(), events), 'close');
});

likeNode('a stale socket file: ECONNREFUSED', async (stage) => {
  const stale = nodeNet.createServer();
  await new Promise<void>((resolve) => stale.listen(stage.path, resolve));
  renameSync(stage.path, stage.scratch.path('kept'));
  await new Promise((resolve) => stale.close(resolve));
  renameSync(stage.scratch.path('kept'), stage.path);
  await happens(stage.watch('client', stage.connect(), events), 'close');
});

likeNode('the order of the first events, and the state in each', async (stage) => {
  await stage.listen();
  const socket = new stage.net.Socket();
  stage.track(socket);
  const state = (when: string): void =>
    stage.note('client', when, socket.connecting, socket.pending, socket.readyState);
  state('new');
  stage.watch('client', socket, events);
  socket.on('connect', () => state('at connect'));
  socket.on('ready', () => state('at ready'));
  socket.connect(stage.path, () => stage.note('client', 'callback'));
  state('called');
  await Promise.resolve();
  state('a microtask later');
  await happens(socket, 'ready');
});

likeNode('a listener that is added after some microtasks still hears connect', async (stage) => {
  await stage.listen();
  const socket = stage.connect();
  for (let count = 0; count < 10; count++) await null;
  await new Promise((resolve) => process.nextTick(resolve));
  await happens(stage.watch('client', socket, 'connect'), 'connect');
});

likeNode('what is written before connect arrives, and is counted', async (stage) => {
  const server = await stage.listen();
  server.on('connection', (peer) => stage.watch('peer', peer.setEncoding('utf8'), 'end'));
  const socket = stage.connect();
  stage.note(
    'client',
    socket.write('one', () => stage.note('client', 'one is written')),
  );
  stage.note('client', socket.write('zwö', 'latin1'), socket.bytesWritten, socket.writableLength);
  socket.end('three', () => stage.note('client', 'ended'));
  stage.note('client', socket.bytesWritten);
  const [peer] = (await happens(server, 'connection')) as [nodeNet.Socket];
  let text = '';
  peer.on('data', (data) => {
    text += data;
  });
  await happens(peer, 'end');
  stage.note('peer', text);
  stage.note('client', socket.bytesWritten);
});

likeNode('destroyed while connecting: no connect, a close', async (stage) => {
  await stage.listen();
  const socket = stage.watch('client', stage.connect(), events);
  socket.write('lost', (error) => stage.note('write', error));
  socket.destroy();
  stage.note('client', socket.connecting, socket.readyState);
  await happens(socket, 'close');
  await turns();
});

likeNode('destroyed with an error while connecting', async (stage) => {
  await stage.listen();
  const socket = stage.watch('client', stage.connect(), events);
  socket.destroy(new Error('why not'));
  await happens(socket, 'close');
});

likeNode('written before a connection that fails', async (stage) => {
  const socket = stage.watch('client', stage.connect(), events);
  socket.write('one', (error) => stage.note('first', error));
  socket.write('two', (error) => stage.note('second', error));
  await happens(socket, 'close');
  await turns();
});

likeNode('a destroyed socket connects again', async (stage) => {
  const server = await stage.listen();
  server.on('connection', (peer) => peer.end('hello'));
  const socket = stage.watch('client', stage.connect(), `${events} data`);
  await happens(socket, 'close');
  socket.connect(stage.path);
  await happens(socket, 'close');
});

likeNode('a signal aborts the connection', async (stage) => {
  await stage.listen();
  const controller = new AbortController();
  const socket = stage.watch('client', stage.connect({ signal: controller.signal }), events);
  await happens(socket, 'connect');
  controller.abort(new Error('enough'));
  await happens(socket, 'close');
  stage.note('client', (socket.errored as Error & { cause?: unknown })?.cause);
});

likeNode('wrong arguments', async (stage) => {
  const attempt = (name: string, call: () => unknown): void => {
    try {
      call();
      stage.note(name, 'no error');
    } catch (error) {
      stage.note(name, (error as Error).name, (error as NodeJS.ErrnoException).code);
    }
  };
  const { Socket } = stage.net;
  attempt('no path', () => new Socket().connect({} as never));
  attempt('object mode', () => new Socket({ objectMode: true } as never));
  attempt('readable object mode', () => new Socket({ readableObjectMode: true } as never));
  attempt('timeout', () => new Socket().setTimeout(-1));
  attempt('timeout that is no number', () => new Socket().setTimeout('1' as never));
  attempt('signal', () => new Socket({ signal: {} } as never));
  attempt('reset without a connection', () => {
    stage
      .track(new Socket())
      .on('error', (error) => stage.note('reset', error))
      .resetAndDestroy();
  });
  await turns();
});

likeNode('members of a socket that was never connected', async (stage) => {
  const socket = stage.track(new stage.net.Socket());
  stage.note('socket', socket.address(), socket.remoteAddress, socket.localAddress);
  stage.note('socket', socket.bytesRead, socket.bytesWritten, socket.bufferSize, socket.timeout);
  stage.note('socket', socket.setNoDelay() === socket, socket.setKeepAlive(true) === socket);
  stage.note('socket', socket.ref() === socket, socket.unref() === socket);
  stage.watch('socket', socket, events);
  socket.write('nobody', (error) => stage.note('write', error));
  await happens(socket, 'close');
});
