// The demo's client.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { platform } from 'node:process';
import { UnixDatagram, UnixSeqpacket, UnixStream } from 'afunix';
import * as raw from 'afunix/raw';
import { awaitTurn, giveTurn, quoted, report, run } from './report.js';

const [folder = '.', name = ''] = process.argv.slice(2);

async function stream(): Promise<void> {
  await awaitTurn('stream');
  const path = `${folder}/stream`;
  const fd = raw.socket(raw.AF_UNIX, raw.SOCK_STREAM);
  await report('create', fd, 'a stream socket');
  raw.connect(fd, path);
  await report('connect', fd, path);
  await giveTurn('stream connected');

  await using socket = UnixStream.fromFd(fd);
  await report('send', fd, '"good morning, server"');
  await socket.write('good morning, server');
  const answer = await socket.read();
  if (answer === null) throw new Error('the server sent no answer');
  await report('receive', fd, quoted(answer));
  await report('close', fd);
  await socket.close();
}

async function seqpacket(): Promise<void> {
  await awaitTurn('seqpacket');
  const socket = await UnixSeqpacket.connect(`\0afunix-demo-${process.ppid}`);
  const { fd } = socket;
  await report('create', fd, 'a seqpacket socket, in one call with the next');
  await report('connect', fd, `${socket.peerAddress}`);
  await giveTurn('seqpacket connected');
  for (const text of ['one', 'and another']) {
    await report('send', fd, JSON.stringify(text));
    await socket.send(text);
    const answer = await socket.receive();
    if (answer === null) throw new Error('the server sent no answer');
    await report('receive', fd, quoted(answer.data));
  }
  await report('close', fd);
  await socket.close();
}

async function datagram(): Promise<void> {
  await awaitTurn('datagram');
  const socket = await UnixDatagram.bind(`${folder}/datagram-client`);
  const { fd } = socket;
  await report('create', fd, 'a datagram socket, in one call with the next');
  await report('bind', fd, `${socket.localAddress}, to be answered there`);
  socket.connect(`${folder}/datagram`);
  await report('connect', fd, `${socket.peerAddress}`);
  await report('send', fd, '"a datagram"');
  await socket.send('a datagram');
  const { data } = await socket.receive();
  await report('receive', fd, quoted(data));
  await report('close', fd);
  await socket.close();
  await giveTurn('datagram done');
}

async function file(): Promise<void> {
  await awaitTurn('file');
  await using socket = await UnixStream.connect(`${folder}/file`);
  await report('connect', socket.fd, `${socket.peerAddress}`);
  await giveTurn('file connected');

  await using handle = await open(name);
  await report('open', handle.fd, name);
  const { size } = await handle.stat();
  const hash = createHash('sha256');
  // Read at given positions: the offset is of the open file, and the server begins where it stands.
  const stream = handle.createReadStream({ start: 0, autoClose: false });
  for await (const chunk of stream) hash.update(chunk as Buffer);
  const digest = hash.digest('hex');
  await report('stat', handle.fd, `${size} bytes`);
  await report('SHA-256', undefined, digest);
  await report('send', handle.fd, 'the descriptor, with size and SHA-256');
  await socket.write(`${size} ${digest}`, { fds: [handle] });
}

await run([stream, ...(platform === 'linux' ? [seqpacket] : []), datagram, file]);
