// What the classes do inside is behind symbols and private fields: a program may give its sockets, descriptors and
// messages properties of any name, and may add members of any name to a class.
import { readdirSync, readFileSync } from 'node:fs';
import * as afunix from 'afunix';
import {
  FileDescriptor,
  fromFd,
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import * as systemd from 'afunix/systemd';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

/** Names that the classes use inside, or did. */
const names = [
  ...['applyReceive', 'bindTo', 'configure', 'connectionReceive', 'copy', 'copyBeside'],
  ...['deliver', 'describe', 'establishBound', 'establishConnected', 'face'],
  ...['handle', 'iterate', 'live', 'maxFds', 'maxMessageSize', 'messageAt', 'next'],
  ...['onPeerReset', 'onReadable', 'onWritable', 'owner', 'passLocalAddress', 'queued'],
  ...['receives', 'referenced', 'release', 'report', 'retry', 'setPeerAddress'],
  ...['setReference', 'settle', 'shut', 'throwReported', 'tryBind', 'unread', 'watch', 'wrap'],
];
const taken = Object.fromEntries(names.map((name) => [name, `the program's ${name}`]));
const take = <T extends object>(object: T): T => Object.assign(object, taken);

/** The declared body of each class of the package, by its name. */
const declarations = new Map<string, string>();
for (const file of readdirSync(fromRoot('dist'), { recursive: true, encoding: 'utf8' })) {
  if (!file.endsWith('.d.ts')) continue;
  const declared = /^export declare (?:abstract )?class (\w+)(.*?)^}/gms;
  const text = readFileSync(fromRoot(`dist/${file}`), 'utf8');
  for (const [, name = '', body = ''] of text.matchAll(declared)) {
    declarations.set(name, body);
  }
}

const classes = new Map<string, object>();
for (const value of Object.values({ ...afunix, ...systemd })) {
  if (typeof value !== 'function' || !/^[A-Z]/.test(value.name)) continue;
  for (let prototype = value.prototype; prototype !== Object.prototype; ) {
    classes.set(prototype.constructor.name, prototype.constructor);
    prototype = Object.getPrototypeOf(prototype);
  }
}

test.each([...classes])('%s has no members but those that are declared', (name, Class) => {
  const body = declarations.get(name) ?? '';
  const { prototype } = Class as { prototype: object };
  const members = [
    ...Object.getOwnPropertyNames(prototype),
    ...Object.getOwnPropertyNames(Class),
  ].filter((member) => !['constructor', 'prototype', 'length', 'name'].includes(member));

  expect(members.filter((member) => !new RegExp(`\\b${member}\\b[(:<]`).test(body))).toEqual([]);
});

describe('names that a program takes', () => {
  // Also where members that a program adds to a class would be.
  beforeAll(() => {
    for (const Class of classes.values()) {
      for (const [name, value] of Object.entries(taken)) {
        const property = { value, writable: true, configurable: true };
        const { prototype } = Class as { prototype: object };
        if (!Object.hasOwn(prototype, name)) Object.defineProperty(prototype, name, property);
      }
    }
  });
  afterAll(() => {
    for (const Class of classes.values()) {
      const { prototype } = Class as { prototype: Record<string, unknown> };
      for (const name of names) if (prototype[name] === taken[name]) delete prototype[name];
    }
  });

  test.each([
    ['stream', UnixListener, UnixStream],
    ['seqpacket', UnixSeqpacketListener, UnixSeqpacket],
  ] as const)('change no connection: %s', async (_, Listener, Socket) => {
    using scratch = new Scratch();
    await using listener = take(await Listener.bind(scratch.path(), { maxFds: 1 }));
    const connecting = Socket.connect(scratch.path(), { localAddress: scratch.path('own') });
    const accepted = await listener.accept();
    expect(Object.getOwnPropertyNames(accepted)).toEqual([]);
    await using server = take(accepted);
    await using client = take(await connecting);
    const receiving = server.receive();
    using file = take(FileDescriptor.sealed('contents'));
    if (client instanceof UnixStream) await client.write('text', { fds: [file] });
    else await client.send('text', { fds: [file] });

    const message = await receiving;
    expect(message?.data.toString()).toBe('text');
    expect(message?.fds.length).toBe(1);
    message?.fds[0]?.close();
    expect([server.localAddress?.path, server.peerAddress?.path]).toEqual([
      scratch.path(),
      scratch.path('own'),
    ]);
    expect(server.unref().ref().stats().queue).toEqual({ messages: 0, bytes: 0 });
    const last = server.receive();
    await client.close();
    expect(await last).toBe(null);
  });

  test('change no datagram socket', async () => {
    using scratch = new Scratch();
    await using receiver = take(
      await UnixDatagram.bind(scratch.path(), { maxFds: 1, maxMessageSize: 3 }),
    );
    await using sender = take(UnixDatagram.unbound());
    sender.connect(scratch.path());
    using file = take(FileDescriptor.sealed('contents'));
    await sender.send('text', { fds: [file] });
    const [peeked, message] = [await receiver.receive({ peek: true }), await receiver.receive()];
    for (const { data, fds, truncated } of [take(peeked), take(message)]) {
      expect([data.toString(), fds.length, truncated]).toEqual(['tex', 1, true]);
      for (const fd of fds) fd.close();
    }

    const waiting = receiver.receive();
    await sender.sendMany(['one', { data: 'two', to: scratch.path() }]);
    const iterated = [(await waiting).data.toString()];
    for await (const { data } of receiver) {
      iterated.push(data.toString());
      break;
    }
    expect(iterated).toEqual(['one', 'two']);
    const delivered = new Promise((resolve) => receiver.onMessages(resolve));
    sender.trySend('six');
    expect(await delivered).toMatchObject([{ size: 3 }]);
    receiver.onMessages(null);
    const pending = receiver.receive();
    await receiver.close();
    await expect(pending).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
  });

  test('change no socket that changes hands', async () => {
    const [one, other] = UnixStream.pair();
    await using mine = take(fromFd(take(take(one).detach()), { maxFds: 1 }) as UnixStream);
    const duplex = take(other).toDuplex();
    using file = FileDescriptor.sealed('contents');
    duplex.writeWithFds('from the duplex', [file]);
    const message = await mine.receive();
    expect([message?.data.toString(), message?.fds.length]).toEqual(['from the duplex', 1]);
    message?.fds[0]?.close();
    await mine.write('to the duplex');
    const [data] = await Promise.all([duplex.toArray(), mine.shutdown('write')]);
    expect(Buffer.concat(data).toString()).toBe('to the duplex');
  });

  test('change no descriptor of a class of its own', () => {
    class Mine extends FileDescriptor {
      watch(): never {
        throw new Error('called');
      }
    }
    const { fd } = FileDescriptor.sealed('contents');
    using mine = new Mine(fd);
    expect(mine.kind).toBe('file');
    for (let i = 0; i < 300; i++) FileDescriptor.sealed('').close();
  });
});
