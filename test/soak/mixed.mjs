// Everything at once at full rate, for long: all that is sent must come, and memory must not grow.

import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { UnixDatagram, UnixListener, UnixSeqpacket, UnixStream } from 'afunix';
import { connect, createServer } from 'afunix/net';
import { echo, part, progress, settings } from './part.mjs';

const { seconds, warmUp, growth } = settings;
const source = Buffer.from(Array.from({ length: 1 << 17 }, (_, i) => (i * 7919) % 256));
/** The `number`-th message, up to `limit` bytes: most are short. */
function message(number, limit) {
  const length = number % 16 === 0 ? limit : 1 + ((number * 131) % 1000);
  const start = (number * 17) % 65_536;
  return source.subarray(start, start + length);
}

await part(async (folder) => {
  let done = false;
  let lost = 0;
  let exchanges = 0;
  let bytes = 0;
  const wrong = (text) => {
    if (lost++ < 3) console.error(text);
  };

  /** Exchanges until it is over: `exchange(number)` sends a message and returns it and its answer. */
  async function repeat(name, exchange) {
    for (let number = 0; !done; number++) {
      try {
        const [sent, got] = await exchange(number);
        if (!sent.equals(got)) wrong(`${name}: another answer`);
        exchanges++;
        bytes += sent.length;
      } catch (error) {
        wrong(`${name}: ${error.stack}`);
      }
      // Promises that are kept at once would leave the loop, and all other sockets, no turn.
      if (number % 8 === 0) await new Promise(setImmediate);
    }
  }

  async function readAll(stream, length) {
    const pieces = [];
    for (let got = 0; got < length; ) {
      const data = await stream.read();
      if (data === null) throw new Error('it ended');
      pieces.push(data);
      got += data.length;
    }
    return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
  }

  const listener = await UnixListener.bind(`${folder}/stream`, { maxFds: 4, credentials: true });
  const serving = (async () => {
    for await (const stream of listener) echo(stream);
  })();
  const server = createServer((socket) => socket.pipe(socket));
  await once(server.listen(`${folder}/net`), 'listening');
  const open = [listener, server];
  const jobs = [];
  const job = (name, exchange) => jobs.push(repeat(name, exchange));

  for (let i = 0; i < 4; i++) {
    const stream = await UnixStream.connect(`${folder}/stream`);
    open.push(stream);
    job('stream', async (number) => {
      const sent = message(number, 65_536);
      const [, got] = await Promise.all([stream.write(sent), readAll(stream, sent.length)]);
      return [sent, got];
    });
  }
  for (let i = 0; i < 2; i++) {
    const socket = connect(`${folder}/net`);
    await once(socket, 'connect');
    open.push({ close: () => socket.destroy() });
    const data = socket[Symbol.asyncIterator]();
    const stream = { read: async () => (await data.next()).value ?? null };
    job('net', async (number) => {
      const sent = message(number, 65_536);
      socket.write(sent);
      return [sent, await readAll(stream, sent.length)];
    });
  }
  for (const Class of [UnixDatagram, process.platform === 'linux' ? UnixSeqpacket : UnixDatagram]) {
    const [near, far] = Class.pair({ credentials: Class === UnixDatagram });
    open.push(near, far);
    far.onMessages?.((messages) => {
      for (const { data } of messages) far.send(data).catch((error) => wrong(error.stack));
    });
    if (far.onMessages === undefined) {
      (async () => {
        for await (const { data } of far) await far.send(data);
      })();
    }
    job(Class.name, async (number) => {
      const sent = message(number, 30_000);
      await near.send(sent);
      return [sent, (await near.receive()).data];
    });
  }
  const bound = await UnixDatagram.bind(`${folder}/datagram`);
  const sender = UnixDatagram.unbound();
  open.push(bound, sender);
  job('bound datagram', async (number) => {
    const burst = Array.from({ length: 8 }, (_, i) => ({
      data: message(number + i, 2000),
      to: `${folder}/datagram`,
    }));
    const sending = sender.sendMany(burst);
    const got = [];
    while (got.length < burst.length) got.push((await bound.receive()).data);
    await sending;
    return [Buffer.concat(burst.map(({ data }) => data)), Buffer.concat(got)];
  });
  job('descriptors', async (number) => {
    const [first, second] = UnixStream.pair({ maxFds: 3 });
    const file = openSync('/dev/null');
    const sent = message(number, 1000);
    await first.write(sent, { fds: [file, file, file] });
    closeSync(file);
    const received = await second.receive();
    if (received.fds.length !== 3) wrong(`${received.fds.length} descriptors`);
    for (const fd of received.fds) fd.close();
    await Promise.all([first.close(), second.close()]);
    return [sent, received.data];
  });
  job('connect and close', async (number) => {
    const stream = await UnixStream.connect(`${folder}/stream`);
    const sent = message(number, 1000);
    await stream.write(sent);
    const got = await readAll(stream, sent.length);
    await stream.close();
    return [sent, got];
  });

  const samples = [];
  const start = performance.now();
  for (let now = 0; now < seconds; now = (performance.now() - start) / 1000) {
    await sleep(1000);
    globalThis.gc();
    const rss = process.memoryUsage.rss();
    if (now >= warmUp) samples.push(rss);
    const megabytes = (rss / 1e6).toFixed(1);
    progress(now / seconds, `${exchanges} exchanges, ${megabytes} MB of memory`);
  }
  done = true;
  await Promise.all(jobs);
  for (const socket of open) await socket.close();
  await serving;

  // What it stands at after warm-up, and at the end: a quarter of the samples each.
  const quarter = Math.ceil(samples.length / 4);
  const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
  const early = median(samples.slice(0, quarter));
  const late = median(samples.slice(-quarter));
  const grown = (late - early) / early;
  const memory = `${(early / 1e6).toFixed(1)} to ${(late / 1e6).toFixed(1)} MB (${grown < 0 ? '' : '+'}${(100 * grown).toFixed(2)} %)`;
  const did = `${exchanges.toLocaleString('en')} exchanges, ${(bytes / 1e9).toFixed(1)} GB`;
  return { did, lost, memory, grew: grown > growth };
});
