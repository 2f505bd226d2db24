// The demo's server: one listener or socket after the other, one client each.
import { createHash } from 'node:crypto';
import { existsSync, unlinkSync } from 'node:fs';
import { platform } from 'node:process';
import { buffer } from 'node:stream/consumers';
import { UnixDatagram, UnixListener, UnixSeqpacketListener } from 'afunix';
import * as raw from 'afunix/raw';
import { awaitTurn, giveTurn, quoted, report, run, title } from './report.js';

const folder = process.argv[2] ?? '.';

/** Each system call by itself: what the promises of the others do in one. */
async function stream(): Promise<void> {
  await title('stream, step by step with afunix/raw, then with promises');
  const path = `${folder}/stream`;

  const fd = raw.socket(raw.AF_UNIX, raw.SOCK_STREAM);
  await report('create', fd, 'a stream socket');
  raw.bind(fd, path);
  await report('bind', fd, path);
  raw.listen(fd, 16);
  await report('listen', fd, 'backlog 16');

  await using listener = UnixListener.fromFd(fd);
  await giveTurn('stream');
  await awaitTurn('stream connected');
  const socket = await listener.accept();
  await report('accept', socket.fd, `from process ${socket.peerCredentials()?.pid}`);
  for await (const data of socket) {
    await report('receive', socket.fd, quoted(data));
    await report('send', socket.fd, '"good morning, client"');
    await socket.write('good morning, client');
  }
  await report('receive', socket.fd, 'end of stream');

  await report('close', socket.fd, 'the connection');
  await socket.close();
  await report('close', fd, 'the listener');
  await listener.close();
  unlinkSync(path);
  await report('clean up', undefined, `${path} is removed`);
}

async function seqpacket(): Promise<void> {
  await title('seqpacket, at an abstract address');
  const listener = await UnixSeqpacketListener.bind(`\0afunix-demo-${process.ppid}`);
  const { fd } = listener;
  await report('create', fd, 'a seqpacket socket, in one call with the next two');
  await report('bind', fd, `${listener.localAddress}`);
  await report('listen', fd, 'backlog 511');

  await giveTurn('seqpacket');
  await awaitTurn('seqpacket connected');
  const socket = await listener.accept();
  await report('accept', socket.fd, `from process ${socket.peerCredentials()?.pid}`);
  for (let packet = await socket.receive(); packet; packet = await socket.receive()) {
    await report('receive', socket.fd, quoted(packet.data));
    const answer = `${packet.data.length} bytes in one packet`;
    await report('send', socket.fd, JSON.stringify(answer));
    await socket.send(answer);
  }
  await report('receive', socket.fd, 'end of connection');

  await report('close', socket.fd, 'the connection');
  await socket.close();
  await report('close', fd, 'the listener');
  await listener.close();
  await report('clean up', undefined, 'an abstract address ends with its socket');
}

async function datagram(): Promise<void> {
  await title('datagram');
  const path = `${folder}/datagram`;
  const socket = await UnixDatagram.bind(path);
  const { fd } = socket;
  await report('create', fd, 'a datagram socket, in one call with the next');
  await report('bind', fd, path);

  await giveTurn('datagram');
  const { data, from } = await socket.receive();
  await report('receive', fd, `${quoted(data)} from ${from}`);
  await report('send', fd, `"received" to ${from}`);
  await socket.send('received', { to: from });
  await awaitTurn('datagram done');

  await report('close', fd);
  await socket.close();
  await report('clean up', undefined, removed(path));
}

async function file(): Promise<void> {
  await title('a file, passed as a descriptor over a stream');
  const path = `${folder}/file`;
  const listener = await UnixListener.bind(path, { maxFds: 1 });
  await report('listen', listener.fd, path);

  await giveTurn('file');
  await awaitTurn('file connected');
  const socket = await listener.accept();
  await report('accept', socket.fd, `from process ${socket.peerCredentials()?.pid}`);
  const message = await socket.receive();
  const received = message?.fds[0];
  if (message == null || received === undefined) throw new Error('no descriptor came');
  await report('receive', received.fd, `a ${received.kind}`);

  const number = received.fd;
  const contents = await buffer(received.toReadStream()); // which owns the descriptor, and closes it
  const digest = createHash('sha256').update(contents).digest('hex');
  await report('read', number, `${contents.length} bytes, and closed`);
  await report('SHA-256', undefined, digest);
  const same = message.data.toString() === `${contents.length} ${digest}`;
  if (!same) throw new Error(`the client said ${message.data}: not the same file`);
  await report('compare', undefined, 'the same size and SHA-256 as the client found');

  await report('close', undefined, `fd ${socket.fd} and fd ${listener.fd}`);
  await socket.close();
  await listener.close();
  await report('clean up', undefined, removed(path));
}

function removed(path: string): string {
  if (existsSync(path)) throw new Error(`${path} is still there`);
  return `${path} is gone, removed by close()`;
}

await run([stream, ...(platform === 'linux' ? [seqpacket] : []), datagram, file]);
