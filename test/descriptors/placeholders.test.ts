// fdPlaceholders: a descriptor that the kernel refuses keeps its place, and without it none shifts either. The running
// kernel lacks SO_RIGHTS_NOTRUNC as a rule: a preloaded library answers as Linux 7.3, on real sockets.
import { execFileSync } from 'node:child_process';
import { platform } from 'node:process';
import {
  features,
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import dgram from 'afunix/dgram';
import { connect } from 'afunix/net';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';
import { onLinux } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

/** The sanitizer stands between the addon and what is preloaded. */
const sanitized = process.env.LD_PRELOAD?.includes('libasan') === true;

const KEPT = 'character,EACCES,character,EACCES,character';
/** Of a socket of each class: what came now, to who waited, peeked at, and so on. */
const one = (places: string): object => ({
  now: ['now', places, true],
  waited: ['waited', places, true],
  peeked: ['peeked', places, true],
  after: ['peeked', places, true],
  all: ['all', 'character,character', false],
});
const messages = (places: string): object => ({
  buffer: ['buffer', places, true],
  batch: [
    ['one', places, true],
    ['two', places, true],
  ],
  iterated: [
    ['four', places, true],
    ['three', places, true],
    ['four', places, true],
  ],
});

test.skipIf(platform !== 'linux' || sanitized)(
  'each in its place, where it is asked for; else none behind the first that is refused',
  async () => {
    using scratch = new Scratch();
    const library = scratch.path('newer-kernel.so');
    const source = fromRoot('test/faults/newer-kernel.c');
    execFileSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl']);
    const env = { ...process.env, LD_PRELOAD: library };
    await using child = Child.fixture('refused-places.mjs', [], { env });
    const kept = {
      ...one(KEPT),
      none: ['none', 'EACCES,EACCES', true],
      received: 3 + 3 + 3 + 2 + 3, // a peek counts nothing
      uses: ['done', 'EACCES'],
      json: '{"closed":true,"refusal":"EACCES"}',
      detached: 0,
    };
    const cut = {
      ...one('character'),
      none: ['none', '', true],
      uses: ['done', 'done'],
      detached: 0,
    };

    const found = JSON.parse(await child.succeeds());
    expect(found).toMatchObject({
      feature: true,
      UnixStream: [kept, { ...cut, received: 1 + 1 + 1 + 2 + 1 }],
      UnixDatagram: [
        { ...kept, ...messages(KEPT) },
        { ...cut, ...messages('character') },
      ],
      UnixSeqpacket: [
        { ...kept, ...messages(KEPT) },
        { ...cut, ...messages('character') },
      ],
      adopted: [
        ['x', 'character', true],
        ['x', KEPT, true],
      ],
      few: ['x', 'character,EACCES,character', true],
      closed: ['x', '', true],
      left: 0,
    });
    const slots = [0, -13, 0, -13, 0];
    expect(found.raw).toEqual([
      [
        [slots, false],
        [slots, false],
      ],
      [
        [[0], true],
        [[0], true],
      ],
    ]);
  },
  60_000,
);

describe('the option', () => {
  const callers: [string, (options: never) => unknown][] = [
    ['UnixStream.pair', (options) => UnixStream.pair(options)],
    ['UnixDatagram.pair', (options) => UnixDatagram.pair(options)],
    ['UnixDatagram.unbound', (options) => UnixDatagram.unbound(options)],
    ['UnixStream.connect', (options) => UnixStream.connect('/none', options)],
    ['UnixListener.bind', (options) => UnixListener.bind('/none/x', options)],
    [
      'dgram.createSocket',
      (options) => dgram.createSocket({ type: 'unix_dgram', ...(options as object) }),
    ],
    ...(onLinux
      ? ([
          ['UnixSeqpacket.pair', (options) => UnixSeqpacket.pair(options)],
          ['UnixSeqpacketListener.bind', (o) => UnixSeqpacketListener.bind('/none/x', o)],
        ] as [string, (options: never) => unknown][])
      : []),
  ];

  test.each(callers)('%s wants a boolean', async (_, make) => {
    for (const fdPlaceholders of [1, null, 'yes', {}]) {
      const call = async (): Promise<unknown> => make({ fdPlaceholders } as never);
      await expect(call()).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    }
  });

  test.skipIf(features().fdPlaceholders).each(callers)('%s refuses it here', async (_, make) => {
    const call = async (): Promise<unknown> => make({ fdPlaceholders: true } as never);
    await expect(call()).rejects.toMatchObject({
      code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
      message: expect.stringContaining('options.fdPlaceholders'),
    });
  });

  test('a socket of afunix/net has none', () => {
    expect(() => connect({ path: '/none', fdPlaceholders: true } as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });
});
