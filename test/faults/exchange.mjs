// Exchanges messages and connections while system calls fail, and holds the model: what was accepted
// arrives, once, whole, in order; what was rejected does not; nothing stays open. Prints what it
// counted: what was lost, what stayed open, and how many calls were rejected, by code. Any other error
// ends it.
import { closeSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import { openNow } from '../fixtures/open.mjs';
import { everyCall } from './calls.mjs';
import {
  allowed,
  arrived,
  came,
  expected,
  files,
  filesStay,
  folder,
  insist,
  messageOf,
  now,
  rejected,
  take,
  tally,
  within,
} from './model.mjs';

const MESSAGES = 600;
const CONNECTIONS = 40;
/** Each length of a message of so many bytes is once that of a send and of a receive: see shim.c. */
const LENGTHS = 1000;

/** Sends all of them, a wave at a time; returns what was accepted. */
async function sendAll(send, count = MESSAGES, atATime = 50, length = undefined) {
  const log = { data: [], inodes: [] };
  for (let first = 0; first < count; first += atATime) {
    const wave = Array.from({ length: atATime }, (_, i) => messageOf(first + i, length));
    const done = await Promise.allSettled(
      wave.map(({ data, fds }) => send(data, fds.length > 0 ? { fds } : undefined)),
    );
    for (const [i, { status, reason }] of done.entries()) {
      const { data, inodes } = wave[i];
      const went = status === 'fulfilled' ? data.length : (expected(reason).bytesWritten ?? 0);
      if (went === 0) continue;
      log.data.push(data.subarray(0, went));
      log.inodes.push(...inodes);
    }
  }
  return log;
}

async function receiveAll(socket) {
  const log = { data: [], inodes: [] };
  for (;;) {
    const message = await insist(() => socket.receive());
    if (message === null || message.data.equals(END)) return log;
    take(message, log);
  }
}

const END = Buffer.from('the end of it');

async function exchange(Type, ...what) {
  now(`messages of ${Type.name}`);
  const [one, other] = await insist(() => Type.pair({ maxFds: 8 }));
  const stream = one instanceof UnixStream;
  const receiving = receiveAll(other);
  const sent = await sendAll(
    (data, options) => (stream ? one.write(data, options) : one.send(data, options)),
    ...what,
  );
  if (stream) await insist(() => one.shutdown('write'));
  else await insist(() => one.send(END));
  const received = await receiving;
  came(sent, received, stream);
  await one.close();
  await other.close();
}

/** A look at each message, and the message: a look that fails takes nothing from the other. */
async function looks(Type) {
  now(`looks at ${Type.name}`);
  const [one, other] = await insist(() => Type.pair({ maxFds: 8 }));
  const { data, fds, inodes } = messageOf(7);
  for (let round = 0; round < 100; round++) {
    const asked = [{}, { peek: true }, {}].map((options) => other.receive(options));
    const answers = Promise.allSettled(asked);
    for (let i = 0; i < 2; i++) await insist(() => one.send(data, { fds }));
    const taken = [];
    for (const [i, { status, value, reason }] of (await answers).entries()) {
      if (status === 'fulfilled') taken.push({ value, peeked: i === 1 });
      else expected(reason);
    }
    while (taken.filter(({ peeked }) => !peeked).length < 2) {
      taken.push({ value: await insist(() => other.receive()), peeked: false });
    }
    for (const { value } of taken) {
      const log = { data: [], inodes: [] };
      take(value, log);
      came({ data: [data], inodes }, log, false);
    }
  }
  await one.close();
  await other.close();
}

/** sendMany, and onMessages. */
async function crowd() {
  now('sendMany, onMessages');
  const path = join(folder, 'crowd');
  const replace = filesStay ? 'always' : 'never';
  const receiver = await insist(() => UnixDatagram.bind(path, { mode: 0o600, replace }));
  const sender = await insist(() => UnixDatagram.unbound());
  await insist(async () => sender.connect(path));
  const numbers = [];
  const receiving = new Promise((resolve, reject) => {
    receiver.onMessages(
      (messages) => {
        for (const { data } of messages) {
          if (data.length === 0) resolve();
          else numbers.push(data.readUInt32LE());
        }
      },
      { onError: (error) => (allowed.has(error.code) ? expected(error) : reject(error)) },
    );
  });
  let many = 0;
  for (; many < 5; many++) {
    const messages = Array.from({ length: 100 }, (_, i) => messageOf(many * 100 + i).data);
    await sender.sendMany(messages).catch(expected);
  }
  await insist(() => sender.send(Buffer.alloc(0)));
  await receiving;
  const inOrder = numbers.every((n, i) => i === 0 || n > numbers[i - 1]);
  arrived(inOrder, true); // and none twice
  if (Object.keys(rejected).length === 0) arrived(numbers.length, 500);
  await sender.close();
  await receiver.close();
}

/** Sends all of it, from where an error stopped it. */
async function send(socket, data) {
  let rest = Buffer.from(data);
  await insist(async () => {
    try {
      await (socket instanceof UnixStream ? socket.write(rest) : socket.send(rest));
    } catch (error) {
      rest = rest.subarray(error.bytesWritten ?? 0);
      throw error;
    }
  });
}

async function* acceptAll(listener) {
  while (!listener.closed) {
    try {
      yield await listener.accept();
    } catch (error) {
      if (error.code === 'ERR_SOCKET_CLOSED') return;
      expected(error);
    }
  }
}

async function echo(socket) {
  for (;;) {
    const message = await insist(() => socket.receive());
    if (message === null) break;
    await send(socket, message.data);
  }
  await socket.close();
}

/** What came back; ends early if the connection does. */
async function converse(Type, path, text) {
  const socket = await insist(() => Type.connect(path));
  let answer = '';
  try {
    await send(socket, text);
    while (answer.length < text.length) {
      const message = await insist(() => socket.receive());
      if (message === null) break;
      answer += message.data;
    }
  } catch (error) {
    if (!gone.has(error.code)) throw error;
  }
  await socket.close();
  return answer;
}

/** What a client sees of a connection that was made, and that its server could not set up. */
const gone = new Set(
  /setsockopt=E(?!INTR)/.test(process.env.AFUNIX_FAULTS ?? '') ? ['EPIPE', 'ECONNRESET'] : [],
);

async function connections(Listener, Type) {
  now(`connections to ${Listener.name}`);
  const path = join(folder, Listener.name);
  const listener = await insist(() =>
    Listener.bind(path, { mode: 0o600, replace: 'always', backlog: 8, maxFds: 1 }),
  );
  const closed = new Set();
  const serving = (async () => {
    // A client that failed after its connection was made comes again: more than CONNECTIONS may be.
    for await (const socket of acceptAll(listener)) {
      const echoed = echo(socket).finally(() => closed.delete(echoed));
      closed.add(echoed);
    }
  })();
  const clients = Array.from({ length: CONNECTIONS }, async (_, i) => {
    const text = `client ${i}`;
    let answer = await converse(Type, path, text);
    while (answer === '' && gone.size > 0) answer = await converse(Type, path, text);
    arrived(answer, text);
  });
  await Promise.all(clients);
  await listener.close();
  await serving;
  await Promise.all(closed);
  if (!filesStay) arrived(readdirSync(folder).includes(Listener.name), false); // its socket file
}

const rounds = async () => {
  for (const Type of [UnixStream, UnixSeqpacket, UnixDatagram]) await exchange(Type);
  for (const Type of [UnixSeqpacket, UnixDatagram]) await looks(Type);
  await crowd();
  await connections(UnixListener, UnixStream);
  await connections(UnixSeqpacketListener, UnixSeqpacket);
  await everyCall();
  if (process.env.AFUNIX_FAULTS?.includes('=each')) {
    await exchange(UnixStream, 3 * LENGTHS, 1, LENGTHS);
  }
};

within(150);
await rounds();
const before = await openNow();
await rounds();
now('what stayed open');
const after = await openNow();
const added = (was, is) => Math.max(0, is - was);
const leaked =
  added(before.descriptors, after.descriptors) + added(before.handles.length, after.handles.length);
if (leaked > 0) console.error(JSON.stringify({ before, after }));
for (const fd of files) closeSync(fd);
console.log(JSON.stringify({ rejected, ...tally, leaked }));
