// Clients of D-Bus that require usocket and abstract-socket by name, on the real dbus-daemon. The overrides in
// package.json give them the packages in compat/.

import { type EventEmitter, once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as raw from 'afunix/raw';
import dbus, { type ClientInterface, type MessageBus } from 'dbus-next';
import type { USocket } from 'usocket';
import { expect, test } from 'vitest';
import { checkDescriptors, contentsOf, openFile } from '../helpers/descriptors.js';
import { messageBus } from '../helpers/message-bus.js';
import { describeWith, fromRoot, programPath } from '../helpers/programs.js';
import { addressKinds, hasSeqpacket, Scratch } from '../helpers/scratch.js';

const require = createRequire(import.meta.url);

/** What this test uses of it: it has no types. */
interface OldBus {
  connection: { stream: EventEmitter; end(): void };
  listNames(callback: (error: Error | null, names: string[]) => void): void;
}

const oldDbus: { createClient(options: object): OldBus } = require('dbus-native-0.4');

/** Where a module that `dependent` requires is found. */
const required = (dependent: string, name: string): string =>
  createRequire(require.resolve(dependent)).resolve(name);

/** A service with a method for each direction. */
class Files extends dbus.interface.Interface {
  /** What it opened: dbus-next does not say when it has sent a descriptor. */
  readonly opened: number[] = [];

  Size(fd: number): bigint {
    try {
      return BigInt(raw.fstat(fd).size);
    } finally {
      raw.close(fd);
    }
  }

  Open(path: string): number {
    const fd = openFile(path, 'r');
    this.opened.push(fd);
    return fd;
  }
}

Files.configureMembers({
  methods: {
    Size: { inSignature: 'h', outSignature: 't' },
    Open: { inSignature: 's', outSignature: 'h' },
  },
});

interface FilesProxy extends ClientInterface {
  Size(fd: number): Promise<bigint>;
  Open(path: string): Promise<number>;
}

const connect = (busAddress: string): MessageBus =>
  dbus.sessionBus({ busAddress, negotiateUnixFd: true } as { busAddress: string });

/** Disconnects, and resolves once the socket is closed. */
function disconnect(bus: MessageBus): Promise<unknown> {
  const { stream } = (bus as unknown as { _connection: { stream: USocket } })._connection;
  const closed = once(stream, 'close');
  bus.disconnect();
  return closed;
}

/** Writes `count` files of different lengths. */
function files(scratch: Scratch, count: number): string[] {
  return Array.from({ length: count }, (_, n) => {
    const path = scratch.path(`file-${n}`);
    writeFileSync(path, 'x'.repeat(n + 1));
    return path;
  });
}

describeWith('dbus-daemon', programPath('dbus-daemon'), (program: string) => {
  checkDescriptors();

  test.each(addressKinds)(
    'dbus-next passes descriptors both ways, at a %s',
    async (kind) => {
      using scratch = new Scratch();
      const [daemon, address] = await messageBus(program, scratch, scratch.address(kind));
      await using _daemon = daemon;
      expect(required('dbus-next', 'usocket')).toBe(fromRoot('compat/usocket/index.js'));
      const service = connect(address);
      const implementation = new Files('org.example.Files');
      service.export('/org/example/Files', implementation);
      await service.requestName('org.example.Files', 0);
      const client = connect(address);
      const object = await client.getProxyObject('org.example.Files', '/org/example/Files');
      const proxy = object.getInterface('org.example.Files') as FilesProxy;

      const paths = files(scratch, 50);
      const fds = paths.map((path) => openSync(path, 'r'));
      const sizes = await Promise.all(fds.map((fd) => proxy.Size(fd)));
      for (const fd of fds) closeSync(fd);
      expect(sizes).toEqual(paths.map((_, n) => BigInt(n + 1)));

      const opened = await Promise.all(paths.map((path) => proxy.Open(path)));
      const lengths = opened.map((fd) => contentsOf({ fd }).length);
      for (const fd of [...opened, ...implementation.opened]) raw.close(fd);
      expect(lengths).toEqual(paths.map((_, n) => n + 1));

      await Promise.all([disconnect(client), disconnect(service)]);
      await daemon[Symbol.asyncDispose]();
    },
    60_000,
  );

  test.runIf(hasSeqpacket)('dbus-native 0.4 connects to an abstract name', async () => {
    using scratch = new Scratch();
    const [daemon, address] = await messageBus(program, scratch, scratch.address('abstract'));
    await using _daemon = daemon;
    const abstractSocket = required('dbus-native-0.4', 'abstract-socket');
    expect(abstractSocket).toBe(fromRoot('compat/abstract-socket/index.js'));
    const bus = oldDbus.createClient({ busAddress: address });
    const names = await new Promise<string[]>((resolve, reject) => {
      bus.listNames((error, list) => (error ? reject(error) : resolve(list)));
    });
    expect(names).toContain('org.freedesktop.DBus');
    const closed = once(bus.connection.stream, 'close');
    bus.connection.end();
    await closed;
    await daemon[Symbol.asyncDispose]();
  });
});
