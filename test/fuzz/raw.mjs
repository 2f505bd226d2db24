// Random calls of afunix/raw on random sockets: node raw.mjs SEED MILLISECONDS. Exits with 1 and the
// shortest failing sequence when the model breaks: the bytes and descriptors that go in come out, in
// order and once, the kernel's counts agree, every error has a code, no descriptor stays open.
import assert from 'node:assert/strict';
import { closeSync, readdirSync } from 'node:fs';
import { SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM } from 'afunix/raw';
import fc from 'fast-check';
import { coded, report } from './common.mjs';
import { calls, files, World } from './raw-world.mjs';

const [seed, milliseconds] = process.argv.slice(2).map(Number);
const open = () => readdirSync('/proc/self/fd').length;

const type = fc.constantFrom(SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET);
const who = { who: fc.nat(50), alias: fc.nat(2) };
const size = fc.oneof(fc.nat(40), fc.nat(40), fc.nat(20_000));
const which = fc.array(fc.nat(files.length - 1), { maxLength: 4 });
const message = fc.record({ sizes: fc.array(size, { maxLength: 4 }), which });
const is = (name) => fc.constant(name);
const any = fc.anything({ withTypedArray: true, withBigInt: true, withNullPrototype: true });
const badRights = fc.constantFrom(
  ...[null, 1, [null], ['1'], [-1], [0.5], [2 ** 40], Array(3), Array(254).fill(files[0])],
  Array(9).fill(files[1]),
);
const functions = Object.keys(calls).filter(
  (name) => /^[a-z]+$/.test(name) && name !== 'constants',
);
const call = fc.record({
  name: fc.constantFrom(...functions.filter((name) => name !== 'ioctl')),
  args: fc.array(any, { maxLength: 4 }),
  own: fc.boolean(),
  message: fc.option(
    fc.record(
      { data: any, buffers: any, address: any, rights: badRights, credentials: any },
      { requiredKeys: [] },
    ),
  ),
});

const step = fc.oneof(
  fc.record({ do: fc.constantFrom('pair', 'connection', 'bound'), type }),
  {
    weight: 5,
    arbitrary: fc.record({
      do: is('send'),
      call: fc.constantFrom('send', 'sendmsg', 'sendmsg', 'sendmmsg'),
      messages: fc.array(message, { minLength: 1, maxLength: 4 }),
      to: fc.nat(50),
      ...who,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: is('receive'),
      call: fc.constantFrom('recv', 'recvfrom', 'recvmsg', 'recvmsg', 'recvmmsg'),
      sizes: fc.array(fc.array(size, { minLength: 1, maxLength: 3 }), {
        minLength: 1,
        maxLength: 4,
      }),
      peek: fc.boolean(),
      room: fc.option(fc.nat(40), { nil: undefined }),
      ...who,
    }),
  },
  fc.record({ do: fc.constantFrom('dup', 'close', 'look', 'look'), ...who }),
  fc.record({ do: is('shutdown'), how: fc.nat(2), ...who }),
  fc.record({ do: is('garble'), type, garbage: fc.array(call, { maxLength: 6 }) }),
);

const property = fc.property(type, fc.array(step, { maxLength: 60 }), (first, steps) => {
  const before = open();
  const world = new World();
  try {
    world.pair({ type: first });
    for (const each of steps) {
      try {
        world[each.do](each);
      } catch (error) {
        coded(error);
      }
    }
    world.finish();
  } finally {
    world.closeAll();
  }
  assert.equal(open(), before, 'descriptors open');
});

const details = fc.check(property, {
  seed,
  numRuns: Number.MAX_SAFE_INTEGER,
  interruptAfterTimeLimit: milliseconds,
});
for (const fd of files) closeSync(fd);
report(details);
