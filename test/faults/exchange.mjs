// Exchanges messages and connections while system calls fail, and holds the model: what was accepted
// arrives, once, whole, in order; what was rejected does not; nothing stays open. Prints how many
// calls were rejected, by code; any other outcome is an exception.
import assert from 'node:assert/strict';
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import { openNow } from '../fixtures/open.mjs';

const MESSAGES = 600;
const CONNECTIONS = 40;
const allowed = new Set(process.argv.slice(2));
const rejected = {};

const folder = mkdtempSync(join(tmpdir(), 'afunix-faults-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const files = Array.from({ length: 5 }, (_, i) => {
  writeFileSync(join(folder, `file-${i}`), '');
  return openSync(join(folder, `file-${i}`), 'r');
});
const inodes = files.map((fd) => fstatSync(fd).ino);

/** Counts an injected error; throws any other. */
function expected(error) {
  if (!allowed.has(error.code)) throw error;
  rejected[error.code] = (rejected[error.code] ?? 0) + 1;
  return error;
}

/** Makes the call until it succeeds. */
async function insist(call) {
  for (let tries = 0; tries < 100; tries++) {
    try {
      return await call();
    } catch (error) {
      expected(error);
    }
  }
  throw new Error('it failed a hundred times');
}

/** Message `index`: its number first, of a length of its own, some with descriptors. */
function messageOf(index) {
  const data = Buffer.alloc(4 + ((index * 7919) % 3000), index);
  data.writeUInt32LE(index);
  const which = index % 7 === 0 ? [index % 5, (index + 1) % 5] : [];
  return { data, inodes: which.map((i) => inodes[i]), fds: which.map((i) => files[i]) };
}

function take(message, log) {
  assert.equal(message.controlTruncated, false);
  assert.equal(message.truncated, false);
  log.data.push(message.data);
  for (const fd of message.fds) {
    log.inodes.push(fstatSync(fd.fd).ino);
    fd.close();
  }
}

/** Sends all of them, a wave at a time; returns what was accepted. */
async function sendAll(send) {
  const log = { data: [], inodes: [] };
  for (let first = 0; first < MESSAGES; first += 50) {
    const wave = Array.from({ length: 50 }, (_, i) => messageOf(first + i));
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

async function exchange(Type) {
  const [one, other] = await insist(() => Type.pair({ maxFds: 8 }));
  const stream = one instanceof UnixStream;
  const receiving = receiveAll(other);
  const sent = await sendAll((data, options) =>
    stream ? one.write(data, options) : one.send(data, options),
  );
  if (stream) await insist(() => one.shutdown('write'));
  else await insist(() => one.send(END));
  const received = await receiving;
  if (stream) {
    assert.ok(Buffer.concat(received.data).equals(Buffer.concat(sent.data)), 'the bytes sent');
  } else {
    assert.equal(received.data.length, sent.data.length);
    for (const [i, data] of sent.data.entries()) assert.ok(data.equals(received.data[i]), `${i}`);
  }
  assert.deepEqual(received.inodes, sent.inodes);
  await one.close();
  await other.close();
}

/** A look at each message, and the message: a look that fails takes nothing from the other. */
async function looks(Type) {
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
      assert.deepEqual(log, { data: [data], inodes });
    }
  }
  await one.close();
  await other.close();
}

/** sendMany, and onMessages. */
async function crowd() {
  const path = join(folder, 'crowd');
  const receiver = await insist(() => UnixDatagram.bind(path, { mode: 0o600 }));
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
  assert.ok(inOrder, 'in order, none twice');
  if (Object.keys(rejected).length === 0) assert.equal(numbers.length, 500);
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

async function connections(Listener, Type) {
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
    const socket = await insist(() => Type.connect(path));
    const text = `client ${i}`;
    await send(socket, text);
    let answer = '';
    while (answer.length < text.length) {
      const message = await insist(() => socket.receive());
      assert.notEqual(message, null, `the echo of ${text}`);
      answer += message.data;
    }
    assert.equal(answer, text);
    await socket.close();
  });
  await Promise.all(clients);
  await listener.close();
  await serving;
  await Promise.all(closed);
  assert.ok(!readdirSync(folder).includes(Listener.name), 'the socket file is gone');
}

const rounds = async () => {
  for (const Type of [UnixStream, UnixSeqpacket, UnixDatagram]) await exchange(Type);
  for (const Type of [UnixSeqpacket, UnixDatagram]) await looks(Type);
  await crowd();
  await connections(UnixListener, UnixStream);
  await connections(UnixSeqpacketListener, UnixSeqpacket);
};

await rounds();
const before = await openNow();
await rounds();
const after = await openNow();
assert.deepEqual(after.handles, before.handles);
assert.equal(after.descriptors, before.descriptors);
for (const fd of files) closeSync(fd);
console.log(JSON.stringify(rejected));
