// examples/dbus.ts on the real dbus-daemon, which lets in by EXTERNAL only: by itself, and called by
// libdbus, whose descriptors it gets and which gets its own.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { example, exampleWith } from '../helpers/examples.js';
import { messageBus } from '../helpers/message-bus.js';
import { describeWith, fromRoot, programPath } from '../helpers/programs.js';
import { addressKinds, Scratch } from '../helpers/scratch.js';

const readme = fromRoot('README.md');

const libdbus = `
import os, sys, zlib
import dbus, dbus.bus
bus = dbus.bus.BusConnection(sys.argv[1])
compressor = bus.get_object('org.example.Compressor', '/org/example/Compressor')
with open(sys.argv[2], 'rb') as file:
    answer = compressor.Compress(dbus.types.UnixFd(file), dbus_interface='org.example.Compressor')
fd = answer.take()
os.set_blocking(fd, True) # as it comes it is the service's, which does not block
with os.fdopen(fd, 'rb') as compressed:
    sys.stdout.buffer.write(zlib.decompress(compressed.read(), 31))
`;

describeWith('dbus-daemon', programPath('dbus-daemon'), (program: string) => {
  test('a service, and a call to it', async () => {
    await using child = example('dbus');
    const output = (await child.succeeds()).split('\n');
    expect(output.slice(0, 2)).toEqual([
      'org.example.Compressor is on the bus',
      'sent README.md as a descriptor, and got back a socket',
    ]);
    const { size } = statSync(readme);
    expect(output[2]).toMatch(new RegExp(`^${size} bytes came back as \\d{4}, and are the same$`));
  }, 60_000);

  test('a daemon that runs only when nobody else does', async () => {
    using scratch = new Scratch();
    const slow = `#!/bin/sh\nexec taskset -c 0 chrt -i 0 ${program} "$@"\n`;
    writeFileSync(scratch.path('dbus-daemon'), slow, { mode: 0o755 });
    await using _others = new Child('taskset', ['-c', '0', 'sh', '-c', 'while :; do :; done']);
    const env = { ...process.env, PATH: `${scratch.folder}:${process.env.PATH}` };
    await using child = exampleWith({ env }, 'dbus');
    expect(await child.succeeds()).toContain('and are the same');
  }, 180_000);

  test.each(addressKinds)(
    'a caller of another language, on a bus at a %s',
    async (kind) => {
      using scratch = new Scratch();
      const [daemon, address] = await messageBus(program, scratch, scratch.address(kind));
      await using _daemon = daemon;
      await using service = example('dbus', 'service', address);
      await service.says('is on the bus');
      const python = programPath('python3') as string;
      await using caller = new Child(python, ['-c', libdbus, address, readme]);

      expect(await caller.succeeds()).toBe(readFileSync(readme, 'utf8'));
      await using second = new Child(python, ['-c', libdbus, address, readme]);
      expect(await second.succeeds()).toBe(readFileSync(readme, 'utf8'));
    },
    60_000,
  );
});
