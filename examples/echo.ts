// Echo over a socket of each type.
//
//   npx tsx examples/echo.ts                a server and its clients
//   npx tsx examples/echo.ts serve FOLDER   the server, at FOLDER/stream, FOLDER/seqpacket and
//                                           FOLDER/datagram; Ctrl-C ends it
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';

/** A stream has no messages: what comes goes back as it is read, until the client has no more. */
async function echoStreams(listener: UnixListener): Promise<void> {
  for await (const client of listener) {
    client.readable.pipeTo(client.writable).catch(console.error);
  }
}

/** Packets are messages, over a connection: each goes back whole. */
async function echoPackets(listener: UnixSeqpacketListener): Promise<void> {
  const serve = async (client: UnixSeqpacket): Promise<void> => {
    await using packets = client;
    for await (const { data } of packets) await packets.send(data);
  };
  for await (const client of listener) serve(client).catch(console.error);
}

/** Datagrams are messages without a connection: each says where it came from. */
async function echoDatagrams(socket: UnixDatagram): Promise<void> {
  for await (const { data, from } of socket) {
    if (from.kind !== 'unnamed') await socket.send(data, { to: from }).catch(console.error);
  }
}

/** Serves at three paths in `folder`; returns what to close. */
async function serve(folder: string): Promise<AsyncDisposable[]> {
  const streams = await UnixListener.bind(join(folder, 'stream'));
  const packets = await UnixSeqpacketListener.bind(join(folder, 'seqpacket'));
  const datagrams = await UnixDatagram.bind(join(folder, 'datagram'));
  for (const echo of [echoStreams(streams), echoPackets(packets), echoDatagrams(datagrams)]) {
    echo.catch(console.error);
  }
  return [streams, packets, datagrams];
}

async function talk(folder: string): Promise<void> {
  await using stream = await UnixStream.connect(join(folder, 'stream'));
  await stream.write('a stream ');
  await stream.write('of bytes');
  stream.shutdown('write');
  const bytes: Buffer[] = [];
  for await (const data of stream) bytes.push(data);
  console.log(`stream: "${Buffer.concat(bytes)}"`);

  await using packets = await UnixSeqpacket.connect(join(folder, 'seqpacket'));
  for (const text of ['one packet', 'and another']) await packets.send(text);
  for (let i = 0; i < 2; i++) console.log(`seqpacket: "${(await packets.receive())?.data}"`);

  // Bound to an address, for answers need one.
  await using datagrams = await UnixDatagram.bind(join(folder, 'client'));
  const to = join(folder, 'datagram');
  for (const text of ['one datagram', 'and another']) await datagrams.send(text, { to });
  for (let i = 0; i < 2; i++) console.log(`datagram: "${(await datagrams.receive()).data}"`);
}

const [command, given] = process.argv.slice(2);
const folder = given ?? mkdtempSync(join(tmpdir(), 'afunix-echo-'));
const servers = await serve(folder);
try {
  if (command === 'serve') {
    console.log(`serving in ${folder}`);
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  } else {
    await talk(folder);
  }
} finally {
  for (const server of servers) await server[Symbol.asyncDispose]();
  if (given === undefined) rmSync(folder, { recursive: true });
}
