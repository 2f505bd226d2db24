// The command on both sides.
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { afunix, listening } from '../helpers/command.js';
import { addressKinds, hasSeqpacket, Scratch } from '../helpers/scratch.js';

const connections = hasSeqpacket ? ['stream', 'seqpacket'] : ['stream'];
const types = [...connections, 'dgram'];

describe.each(addressKinds)('%s', (kind) => {
  test.each(types)('%s: send and receive', async (type) => {
    using scratch = new Scratch();
    const address = scratch.address(kind);
    await using receiver = await listening(['receive', '-t', type, address]);
    await using sender = afunix(['send', '-t', type, address, 'hello']);

    await sender.succeeds();
    expect(await receiver.succeeds()).toBe('hello');
    expect(receiver.stderr).toContain(`process ${sender.pid}`);
    expect(existsSync(address)).toBe(false);
  });

  test.each(connections)(
    '%s: both sides talk, and half-close when their stdin ends',
    async (type) => {
      using scratch = new Scratch();
      const address = scratch.address(kind);
      await using server = await listening(['listen', '-t', type, address]);
      await using client = afunix(['connect', '-t', type, address]);

      client.process.stdin?.end('one\ntwo\n');
      await server.says('one\ntwo\n');
      expect(client.process.exitCode).toBe(null);
      server.process.stdin?.end('three\nfour');

      expect(await client.succeeds()).toBe(type === 'stream' ? 'three\nfour' : 'three\nfour\n');
      expect(await server.succeeds()).toBe('one\ntwo\n');
      expect(client.stderr).toContain(`process ${server.pid}`);
    },
  );

  test('dgram: who listens answers who sent', async () => {
    using scratch = new Scratch();
    const address = scratch.address(kind);
    await using server = await listening(['listen', '-t', 'dgram', address]);
    await using client = afunix(['connect', '-t', 'dgram', address]);

    server.process.stdin?.write('to whoever sends\n');
    client.process.stdin?.write('one\n\ntwo\n');
    await client.says('to whoever sends\n');
    await server.says('one\n\ntwo\n');
    expect(server.stderr).toContain(`process ${client.pid}`);
    expect(server.stderr.match(/from /g)).toHaveLength(1);
  });
});

test.each(types)('%s: bytes arrive as they were', async (type) => {
  using scratch = new Scratch();
  const address = scratch.path();
  const data = randomBytes(type === 'stream' ? 3_000_000 : 100_000);
  await using receiver = await listening(['receive', '-t', type, address]);
  await using sender = afunix(['send', '-t', type, address]);
  const parts: Buffer[] = [];
  receiver.process.stdout?.setEncoding('latin1').on('data', (part: string) => {
    parts.push(Buffer.from(part, 'latin1'));
  });

  sender.process.stdin?.end(data);
  await sender.succeeds();
  await receiver.succeeds();
  expect(Buffer.concat(parts).equals(data)).toBe(true);
});

describe('descriptors', () => {
  test.each(types)('%s: are listed', async (type) => {
    using scratch = new Scratch();
    const file = scratch.path('file');
    writeFileSync(file, '12345');
    await using receiver = await listening(['receive', '-t', type, scratch.path()]);
    const files = ['--fd', file, '-f', scratch.folder];
    await using sender = afunix(['send', '-t', type, ...files, scratch.path(), 'hi']);

    await sender.succeeds();
    expect(await receiver.succeeds()).toBe('hi');
    const linux = process.platform === 'linux';
    expect(receiver.stderr.match(/(?<=descriptor: ).*/g)).toEqual([
      `file, 5 bytes${linux ? `, ${file}` : ''}`,
      `directory${linux ? `, ${scratch.folder}` : ''}`,
    ]);
  });

  test('go with the first that stdin gives', async () => {
    using scratch = new Scratch();
    await using server = await listening(['listen', '--fd', '/dev/null', scratch.path()]);
    await using client = afunix(['connect', scratch.path()]);

    client.process.stdin?.end();
    server.process.stdin?.end('here\n');
    expect(await client.succeeds()).toBe('here\n');
    expect(client.stderr).toContain('descriptor: character');
  });

  test('on a stream without a byte: says what to do', async () => {
    using scratch = new Scratch();
    await using receiver = await listening(['receive', scratch.path()]);
    await using sender = afunix(['send', '--fd', '/dev/null', scratch.path(), '']);

    expect(await sender.ended).toMatchObject({ code: 1 });
    expect(sender.stderr).toContain('give DATA');
    await receiver.succeeds();
  });
});

describe('--hex', () => {
  test.each(types)('%s: DATA and what is received', async (type) => {
    using scratch = new Scratch();
    await using receiver = await listening(['receive', '-x', '-t', type, scratch.path()]);
    await using sender = afunix(['send', '-x', '-t', type, scratch.path(), '00 ff0A']);

    await sender.succeeds();
    expect(await receiver.succeeds()).toBe('00 ff 0a\n');
  });

  test('what it prints it takes, line by line', async () => {
    using scratch = new Scratch();
    await using server = await listening(['listen', '-t', 'dgram', scratch.path()]);
    await using client = afunix(['connect', '-x', '-t', 'dgram', scratch.path()]);

    client.process.stdin?.write('68 69\n\n');
    await server.says('hi\n\n');
  });

  test('no digits', async () => {
    using scratch = new Scratch();
    await using sender = afunix(['send', '-x', scratch.path(), '0']);

    expect((await sender.ended).code).toBe(2);
    expect(sender.stderr).toContain('no hex digits');
  });
});

test.each(types)('%s: --keep goes on with the next', async (type) => {
  using scratch = new Scratch();
  await using receiver = await listening(['receive', '-k', '-t', type, scratch.path()]);
  for (const word of ['one', 'two', 'three']) {
    await using sender = afunix(['send', '-t', type, scratch.path(), word]);
    await sender.succeeds();
  }

  await receiver.says('onetwothree');
});

test('--quiet says nothing', async () => {
  using scratch = new Scratch();
  await using receiver = await listening(['receive', '-k', scratch.path()]);
  await using sender = afunix(['send', '-q', scratch.path(), 'hi']);

  await sender.succeeds();
  expect(sender.stderr).toBe('');
  await receiver.says('hi');
});
