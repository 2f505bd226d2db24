// Random calls of the public API on a random pair of sockets: node api.mjs SEED MILLISECONDS. Exits
// with 1 and the shortest failing sequence when the model breaks: what was accepted arrives in order
// and once, every promise settles, every error has a code, no descriptor stays open.
import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { UnixDatagram, UnixSeqpacket, UnixStream } from 'afunix';
import fc from 'fast-check';
import { coded, enterScratch, report } from './common.mjs';

const [seed, milliseconds] = process.argv.slice(2).map(Number);
const types = { UnixStream, UnixSeqpacket, UnixDatagram };

enterScratch();
const files = [0, 1, 2, 3].map((i) => {
  writeFileSync(`file-${i}`, '');
  return openSync(`file-${i}`, 'r');
});
const inodeOf = (fd) => fstatSync(fd).ino;
const open = () => readdirSync('/proc/self/fd').length;

/** Memory that can shrink, with `size` bytes in it. */
const memoryOf = (size) => new Uint8Array(new ArrayBuffer(size, { maxByteLength: size + 64 }));

/** Takes memory away, as its owner may at any time. */
function lose({ buffer }, how) {
  if (how === 'detach') structuredClone(buffer, { transfer: [buffer] });
  else if (how === 'shrink') buffer.resize(buffer.byteLength >> 1);
}

/** A pair of sockets, and what must arrive at the second. */
class Model {
  constructor(Type) {
    this.Type = Type;
    this.options = { maxFds: 4 };
    [this.one, this.other] = Type.pair(this.options);
    this.stream = Type === UnixStream;
    this.accepted = [];
    this.arrived = [];
    this.asked = 0;
    /** Bytes that came before the second was adopted. */
    this.before = 0;
    this.pending = [];
    this.count = 0;
  }

  /** A settled promise that broke a rule is thrown by `finish`. */
  watch(promise) {
    this.pending.push(promise);
    promise.catch(() => {});
  }

  send(size, fdCount, abort, loses) {
    if (this.one.closed) return;
    const memory = memoryOf(this.stream ? Math.max(size, 1) : size).fill(++this.count);
    const data = Buffer.from(memory);
    const fds = files.slice(0, fdCount);
    const slot = { data, inodes: fds.map(inodeOf), went: 0, done: false };
    const controller = new AbortController();
    const options = { signal: controller.signal, ...(fdCount > 0 ? { fds } : {}) };
    const sent = this.stream ? this.one.write(memory, options) : this.one.send(memory, options);
    // What waits of a datagram is a copy; a write that waits says that its memory went.
    lose(memory, loses);
    this.accepted.push(slot);
    this.watch(
      sent.then(
        () => Object.assign(slot, { went: data.length, done: true }),
        (error) => {
          coded(error);
          slot.went = error.bytesWritten ?? 0;
        },
      ),
    );
    if (abort) controller.abort();
  }

  receive({ peek, abort, read, loses, transfers }) {
    this.asked++;
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const waits = this.isEmpty();
    let asked;
    if (this.stream && read !== undefined) asked = this.other.read(read, options);
    else asked = this.other.receive(peek && !this.stream ? { ...options, peek } : options);
    if (read != null && waits) lose(read, loses);
    this.watch(
      asked.then((message) => {
        if (message === null) return;
        const fds = message.fds ?? [];
        const inodes = fds.map(({ fd }) => inodeOf(fd));
        for (const fd of fds) fd.close();
        if (!(peek && !this.stream)) {
          this.arrived.push({ data: Buffer.from(message.data ?? message), inodes });
        }
        if (transfers) lose(message.data ?? message, 'detach');
      }, coded),
    );
    if (abort) controller.abort();
  }

  /** Whether the second has handed out all that came: a read will wait. */
  isEmpty() {
    const received = this.other.closed ? 0 : this.other.bytesReadable;
    const arrived = this.arrived.reduce((sum, { data }) => sum + data.length, 0);
    return received === 0 && this.before + this.other.stats().received.bytes === arrived;
  }

  /** Gives the second's descriptor away, and to a new socket. */
  async adopt() {
    const { bytes } = this.other.stats().received;
    try {
      this.other = this.Type.fromFd(this.other.detach(), this.options);
      this.before += bytes;
    } catch (error) {
      coded(error);
    }
  }

  /** Whether more may come. */
  async moves() {
    // A wake-up for each receive before it, and some to be sure.
    for (let i = 0; i < this.asked + 3; i++) await turn();
    return this.one.bytesQueued > 0 && this.other.bytesReadable > 0;
  }

  /** Takes what is left, closes, and compares. */
  async finish(drain) {
    if (drain) {
      // Until a receive has to wait: bytesReadable counts no empty message, and none received already.
      for (let before = -1; before < this.arrived.length; ) {
        before = this.arrived.length;
        this.receive({});
        while (this.arrived.length === before && (await this.moves())) await turn();
      }
    }
    await this.one.close();
    await this.other.close();
    await Promise.all(this.pending);
    const sent = this.accepted.filter(({ went, done }) => done || went > 0);
    const inodes = sent.flatMap((slot) => slot.inodes);
    const got = this.arrived.flatMap((message) => message.inodes);
    assert.deepEqual(got, drain ? inodes : inodes.slice(0, got.length), 'descriptors');
    if (this.stream) {
      const bytes = Buffer.concat(sent.map(({ data, went }) => data.subarray(0, went)));
      const read = Buffer.concat(this.arrived.map(({ data }) => data));
      assert.ok(read.equals(drain ? bytes : bytes.subarray(0, read.length)), 'bytes');
    } else {
      const wanted = sent.slice(0, drain ? undefined : this.arrived.length);
      assert.equal(this.arrived.length, wanted.length, 'messages');
      for (const [i, { data }] of wanted.entries()) {
        assert.ok(data.equals(this.arrived[i].data), `message ${i}`);
      }
    }
  }
}

/** Calls any method with anything. What it returns is let go of. */
async function garble(Type, calls) {
  const sockets = Type.pair();
  const values = [];
  const [socket] = sockets;
  for (const { name, args, onClass } of calls) {
    const target = onClass ? Type : socket;
    if (typeof target[name] !== 'function') continue;
    try {
      const value = target[name](...args);
      values.push(value);
      Promise.resolve(value).catch(() => {});
    } catch (error) {
      coded(error);
    }
  }
  await turn();
  for (const socket of sockets) await socket.close();
  for (const settled of await Promise.allSettled(values)) {
    if (settled.status === 'rejected') coded(settled.reason);
    for (const value of [settled.value].flat()) {
      const close = value?.close ?? value?.destroy;
      if (typeof close === 'function') await close.call(value);
    }
  }
}

const command = fc.oneof(
  fc.record({
    do: fc.constant('send'),
    size: fc.oneof(fc.nat(64), fc.nat(100_000)),
    fds: fc.nat(3),
    abort: fc.boolean(),
    loses: fc.constantFrom('nothing', 'detach', 'shrink'),
  }),
  fc.record({
    do: fc.constant('receive'),
    peek: fc.boolean(),
    abort: fc.boolean(),
    read: fc.option(fc.nat(5000), { nil: undefined }),
    loses: fc.constantFrom('nothing', 'detach', 'shrink'),
    transfers: fc.boolean(),
  }),
  fc.record({ do: fc.constantFrom('turn', 'turn', 'adopt', 'ref', 'unref', 'close', 'shutdown') }),
);

const methods = `close detach ref unref getOption setOption peerCredentials peerGroups peerPidFd
  peerSecurityLabel read receive write shutdown toDuplex send trySend sendMany connect disconnect
  onMessages`.split(/\s+/);
// Not fromFd: a number among the arguments would be a descriptor of this process.
const statics = ['pair', 'bind', 'connect', 'unbound'];
const garbage = fc.array(
  fc.record({
    onClass: fc.boolean(),
    name: fc.constantFrom(...methods, ...statics),
    args: fc.array(
      fc.anything({ withTypedArray: true, withBigInt: true, withNullPrototype: true }),
      {
        maxLength: 3,
      },
    ),
  }),
  { maxLength: 12 },
);

async function drive(Type, commands) {
  const model = new Model(Type);
  let drain = true;
  for (const step of commands) {
    if (step.do === 'send') model.send(step.size, step.fds, step.abort, step.loses);
    else if (step.do === 'receive') {
      const read = step.read === undefined ? undefined : memoryOf(step.read);
      model.receive({ ...step, read: step.read === 0 ? null : read });
    } else if (step.do === 'turn') await turn();
    else if (step.do === 'adopt') await model.adopt();
    else if (step.do === 'ref' || step.do === 'unref') model.other[step.do]();
    else if (step.do === 'shutdown' && model.stream) model.one.shutdown('write');
    else if (step.do === 'close') {
      drain = false;
      await model.other.close();
      break;
    }
  }
  await model.finish(drain);
}

/** The run that is under way: the end of the time does not end it. */
let running;

const property = fc.asyncProperty(
  fc.constantFrom(...Object.keys(types)),
  fc.array(command, { maxLength: 40 }),
  garbage,
  (name, commands, calls) => {
    running = sequence(types[name], commands, calls);
    return running;
  },
);

async function sequence(Type, commands, calls) {
  const before = open();
  let timer;
  const hang = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('it hangs')), 10_000);
  });
  try {
    await Promise.race([drive(Type, commands), hang]);
    await Promise.race([garble(Type, calls), hang]);
  } finally {
    clearTimeout(timer);
  }
  for (let i = 0; i < 20 && open() !== before; i++) await turn();
  assert.equal(open(), before, 'descriptors open');
}

const details = await fc.check(property, {
  seed,
  numRuns: Number.MAX_SAFE_INTEGER,
  interruptAfterTimeLimit: milliseconds,
});
if (!details.failed) await running;
for (const fd of files) closeSync(fd);
report(details);
