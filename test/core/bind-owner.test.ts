// `owner` and `group` are those of the socket's file, in every way of binding.
import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { type BindOptions, UnixDatagram, UnixListener, UnixSeqpacketListener } from 'afunix';
import { createSocket } from 'afunix/dgram';
import { createServer } from 'afunix/net';
import { afterEach, describe, expect, test } from 'vitest';
import { describeWithUsers, fixtureAs, nobody, outcome } from '../helpers/another-user.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

type Bind = (path: string, options: BindOptions) => Promise<{ close(): unknown }>;

const ways: [string, Bind][] = [
  ['UnixListener', (path, options) => UnixListener.bind(path, options)],
  ['UnixDatagram', (path, options) => UnixDatagram.bind(path, options)],
  [
    'net',
    async (path, options) => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.on('error', reject).listen({ path, ...options }, resolve);
      });
      return server;
    },
  ],
  [
    'dgram',
    async (path, options) => {
      const socket = createSocket('unix_dgram');
      await new Promise<void>((resolve, reject) => {
        socket.on('error', reject).bind({ path, ...options }, resolve);
      });
      return socket;
    },
  ],
];
if (hasSeqpacket) {
  ways.push([
    'UnixSeqpacketListener',
    (path, options) => UnixSeqpacketListener.bind(path, options),
  ]);
}

const inherited = process.umask();
afterEach(() => {
  process.umask(inherited);
});

function rightsOf(path: string): { uid: number; gid: number; mode: string } {
  const { uid, gid, mode } = statSync(path);
  return { uid, gid, mode: (mode & 0o7777).toString(8) };
}

describe.each(ways)('%s', (_, bind) => {
  test.runIf(process.geteuid?.() === 0)('a number or a name, with a mode and without', async () => {
    using scratch = new Scratch();
    const [max, path] = [0xffff_fffe, scratch.path()];
    for (const [options, expected] of [
      [
        { owner: 'nobody', group: 12345, mode: 0o660 },
        { uid: 65534, gid: 12345, mode: '660' },
      ],
      [
        { owner: max, group: max },
        { uid: max, gid: max, mode: '750' },
      ],
      [{ owner: 1 }, { uid: 1, gid: 0, mode: '750' }],
      [
        { group: 1, mode: 0 },
        { uid: 0, gid: 1, mode: '0' },
      ],
    ] as const) {
      for (const replace of ['never', 'stale', 'always'] as const) {
        process.umask(0o027);
        const socket = await bind(path, { ...options, replace });
        expect(process.umask(inherited)).toBe(0o027);
        expect(rightsOf(path)).toEqual(expected);
        await socket.close();
        expect(readdirSync(scratch.folder)).toEqual([]);
      }
    }
  });

  test.each<[string, unknown, string]>([
    ['nobody has the name', 'no such user', 'ERR_UNKNOWN_CREDENTIAL'],
    ['the name is empty', '', 'ERR_INVALID_ARG_VALUE'],
    ['the name has a NUL', 'root\0', 'ERR_INVALID_ARG_VALUE'],
    ['it is negative', -1, 'ERR_OUT_OF_RANGE'],
    ['it means nobody', 0xffff_ffff, 'ERR_OUT_OF_RANGE'],
    ['it is no name', null, 'ERR_INVALID_ARG_TYPE'],
  ])('refused before any system call: %s', async (_why, value, code) => {
    using scratch = new Scratch();
    for (const options of [{ owner: value }, { group: value }] as BindOptions[]) {
      // The directory is not there.
      const binding = (async () => bind(scratch.path('missing/socket'), options))();
      await expect(binding).rejects.toMatchObject({ code });
    }
  });
});

test('the error names what is unknown', async () => {
  await expect(UnixListener.bind('/x', { owner: 'no such' })).rejects.toThrow(
    'User identifier does not exist: no such',
  );
  await expect(UnixListener.bind('/x', { group: 'no such' })).rejects.toThrow(
    'Group identifier does not exist: no such',
  );
});

test.runIf(process.geteuid?.() === 0)('in a worker', async () => {
  using scratch = new Scratch();
  const code = `(async () => {
    const { UnixDatagram } = await import('afunix');
    await UnixDatagram.bind(${JSON.stringify(scratch.path())}, { owner: 1, unlinkOnClose: false });
  })()`;
  process.umask(0o077);
  await new Promise((resolve, reject) => {
    new Worker(code, { eval: true }).on('error', reject).on('exit', resolve);
  });
  expect(rightsOf(scratch.path())).toEqual({ uid: 1, gid: 0, mode: '700' });
});

describeWithUsers('without the right', () => {
  test('the bind fails, and no file and no descriptor is left', async () => {
    using scratch = new Scratch();
    chmodSync(scratch.folder, 0o755);
    const folder = scratch.path('open');
    mkdirSync(folder);
    chmodSync(folder, 0o1777);
    await using child = fixtureAs(nobody, 'bind-owner.mjs', [folder]);
    expect(await outcome(child)).toEqual({
      refused: 12,
      messages: [
        `bind EPERM ${folder}/socket: this process may not give the file that owner, group and mode`,
      ],
      left: [],
      open: 0,
    });
  });
});
