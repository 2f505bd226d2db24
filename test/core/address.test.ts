// An address is one of three kinds and exact bytes; what the kernel would cut is refused.
import { UnixAddress, UnixDatagram } from 'afunix';
import { expect, test } from 'vitest';
import { Scratch } from '../helpers/scratch.js';

test('a string is a pathname, and one with a leading NUL an abstract name', () => {
  const pathname = UnixAddress.from('/run/x.sock');
  expect([pathname.kind, pathname.path, `${pathname}`]).toEqual([
    'pathname',
    '/run/x.sock',
    '/run/x.sock',
  ]);
  const abstract = UnixAddress.from('\0name');
  expect([abstract.kind, abstract.path, `${abstract}`]).toEqual(['abstract', null, '@name']);
  expect([...abstract.bytes]).toEqual([...Buffer.from('\0name')]);
  expect([UnixAddress.unnamed.kind, `${UnixAddress.unnamed}`]).toEqual(['unnamed', '']);
  expect(UnixAddress.unnamed.bytes.length).toBe(0);
});

test('it is immutable: the bytes are copies', () => {
  const source = Buffer.from('/run/x');
  const address = UnixAddress.pathname(source);
  source[1] = 0;
  address.bytes[1] = 0;
  expect(address.path).toBe('/run/x');
});

test('equal is equal byte for byte', () => {
  expect(UnixAddress.abstract('a').equals(UnixAddress.from('\0a'))).toBe(true);
  expect(UnixAddress.abstract('a').equals(UnixAddress.abstract('a\0'))).toBe(false);
  expect(UnixAddress.abstract('a').equals(UnixAddress.pathname('a'))).toBe(false);
  expect(UnixAddress.pathname('a').equals('a')).toBe(false);
});

test.each([
  ['an empty pathname', () => UnixAddress.pathname(''), 'ERR_INVALID_ARG_VALUE'],
  ['a NUL inside a pathname', () => UnixAddress.from('/run/a\0b'), 'ERR_INVALID_ARG_VALUE'],
  ['a NUL at its end', () => UnixAddress.from(Buffer.from('/run/a\0')), 'ERR_INVALID_ARG_VALUE'],
  ['4,096 bytes', () => UnixAddress.pathname('a'.repeat(4096)), 'ERR_INVALID_ARG_VALUE'],
  ['an abstract name of 108', () => UnixAddress.abstract('a'.repeat(108)), 'ERR_INVALID_ARG_VALUE'],
  ['a number', () => UnixAddress.from(7 as never), 'ERR_INVALID_ARG_TYPE'],
  ['null', () => UnixAddress.from(null as never), 'ERR_INVALID_ARG_TYPE'],
])('%s is refused', (_, make, code) => {
  expect(make).toThrow(expect.objectContaining({ code }));
});

test('the longest of each kind are bound as they are', async () => {
  using scratch = new Scratch();
  const path = scratch.path().padEnd(108, 'x');
  const name = '\0'.padEnd(108, String(process.pid));
  for (const address of [path, name]) {
    await using socket = await UnixDatagram.bind(address);
    expect(socket.localAddress?.equals(UnixAddress.from(address))).toBe(true);
    await using other = UnixDatagram.unbound();
    other.connect(address);
    expect(other.peerAddress?.equals(UnixAddress.from(address))).toBe(true);
  }
});

test('an abstract name is exactly its bytes', async () => {
  const name = `\0afunix-exact-${process.pid}`;
  await using one = await UnixDatagram.bind(name);
  await using two = await UnixDatagram.bind(`${name}\0`);
  await using sender = UnixDatagram.unbound();
  await sender.send('one', { to: name });
  await sender.send('two', { to: `${name}\0` });
  expect(`${(await one.receive()).data} ${(await two.receive()).data}`).toBe('one two');
});

test('without an address the kernel chooses one', async () => {
  await using socket = await UnixDatagram.bind();
  expect(socket.localAddress?.kind).toBe('abstract');
  await using sender = UnixDatagram.unbound();
  expect(sender.localAddress?.kind).toBe('unnamed');
});

test('a pathname that is not UTF-8 is bound and found byte for byte', async () => {
  using scratch = new Scratch();
  const path = Buffer.concat([Buffer.from(scratch.path()), Buffer.from([0xff, 0xfe, 0xc3])]);
  await using socket = await UnixDatagram.bind(path);
  expect([...(socket.localAddress?.bytes ?? [])]).toEqual([...path]);
  await using sender = UnixDatagram.unbound();
  await sender.send('hello', { to: path });
  expect(`${(await socket.receive()).data}`).toBe('hello');
});
