import { type Peer, UnixStream } from 'afunix';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { Decisions } from '../helpers/decisions.js';
import { checkDescriptors, openDescriptors } from '../helpers/descriptors.js';
import { type Authorize, type Closable, type Door, doors, type Kind } from '../helpers/doors.js';
import { revoked, throwing, throws, unprintable } from '../helpers/hostile-values.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

const turn = (): Promise<void> => new Promise(setImmediate);

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

interface Play {
  door: Door;
  /** A new client. */
  connect(): ReturnType<Kind['connect']>;
  /** Resolves with what a new client gets. */
  greeting(): Promise<string | null>;
}

/** Runs `body`. Returns the codes of the process warnings that came meanwhile. */
async function play(
  kind: Kind,
  authorize: Authorize,
  body: (play: Play) => Promise<void>,
): Promise<unknown[]> {
  using scratch = new Scratch();
  const warnings: unknown[] = [];
  const warned = (warning: Error & { code?: string }): unknown => warnings.push(warning.code);
  process.on('warning', warned);
  const clients: Closable[] = [];
  const door = await kind.open(scratch.path(), authorize);
  const connect: Play['connect'] = async () => {
    const client = await kind.connect(scratch.path());
    clients.push(client);
    return client;
  };
  try {
    await body({ door, connect, greeting: async () => (await connect()).greeting() });
  } finally {
    await door.close();
    for (const client of clients) await client.close();
    await turn();
    process.off('warning', warned);
  }
  return warnings;
}

const thenable = (then: unknown): object => ({ then });
type Settle = (value?: unknown) => void;

const decided: [name: string, verdict: () => unknown, expected: 'in' | null][] = [
  ['true', () => true, 'in'],
  ['false', () => false, null],
  ['a promise of true', async () => true, 'in'],
  ['a promise of false', async () => false, null],
  ['a promise of a promise of true', async () => Promise.resolve(true), 'in'],
  ['a thenable', () => thenable((yes: Settle) => setImmediate(yes, true)), 'in'],
  ['a thenable that calls back at once', () => thenable((yes: Settle) => yes(true)), 'in'],
  [
    'a thenable that says true, then false, then fails',
    () =>
      thenable((yes: Settle, no: Settle) => {
        yes(true);
        yes(false);
        no(new Error('late'));
      }),
    'in',
  ],
  [
    'a thenable that says false, then true',
    () => thenable((yes: Settle) => [yes(false), yes(true)]),
    null,
  ],
  [
    'a thenable that says true, then throws',
    () =>
      thenable((yes: Settle) => {
        yes(true);
        throw new Error('late');
      }),
    'in',
  ],
  [
    'a function with a then',
    () =>
      Object.assign(
        () => false,
        thenable((yes: Settle) => yes(true)),
      ),
    'in',
  ],
];

const thrown: [name: string, value: unknown][] = [
  ['an Error', new Error('broken')],
  ['undefined', undefined],
  ['a symbol', Symbol('broken')],
  ...unprintable,
];

const failing: [name: string, verdict: () => unknown][] = [
  ...thrown.flatMap(([name, value]): typeof failing => [
    [`throws ${name}`, throws(value)],
    [`rejects with ${name}`, () => Promise.reject(value)],
  ]),
  ['returns a number', () => 1],
  ['returns nothing', () => undefined],
  ['returns null', () => null],
  ['returns a symbol', () => Symbol('yes')],
  ['returns a function', () => () => true],
  ['returns an object', () => ({})],
  ['returns new Boolean(true)', () => new Boolean(true)],
  ['returns a revoked proxy', revoked],
  ['returns a proxy that throws', () => throwing({})],
  ['promises a string', async () => 'yes'],
  ['promises a function with a name that throws', async () => throwing(() => true)],
  ['has a then that cannot be read', () => Object.defineProperty({}, 'then', { get: throws(0) })],
  ['has a then that throws', () => thenable(throws(new Error('then')))],
  ['has a then that fails', () => thenable((_: Settle, no: Settle) => no(Object.create(null)))],
];

describe.each(doors)('$name', (kind) => {
  test.each(decided)('%s', async (_, verdict, expected) => {
    const verdicts = [verdict, () => true, verdict];
    const warnings = await play(
      kind,
      () => (verdicts.shift() as () => boolean)(),
      async ({ door, greeting }) => {
        expect([await greeting(), await greeting(), await greeting()]).toEqual([
          expected,
          'in',
          expected,
        ]);
        expect([door.handed.length, door.refused]).toEqual(expected === 'in' ? [3, 0] : [1, 2]);
      },
    );
    expect(warnings).toEqual([]);
  });

  test.each(failing)('one that %s refuses, warns once, and goes on', async (_, verdict) => {
    const verdicts = [verdict, verdict, () => true];
    const warnings = await play(
      kind,
      () => (verdicts.shift() as () => boolean)(),
      async ({ door, greeting }) => {
        expect([await greeting(), await greeting(), await greeting()]).toEqual([null, null, 'in']);
        expect([door.handed.length, door.refused]).toEqual([1, 2]);
      },
    );
    expect(warnings).toEqual(['AFUNIX_AUTHORIZE_FAILED']);
  });

  test.each([
    ['at once', (look: () => void) => look()],
    ['later', (look: () => void) => turn().then(look)],
  ])('it looks at all there is, %s', async (_, when) => {
    const { pid, geteuid, getegid, platform } = process;
    const seen: unknown[] = [];
    const look = (peer: Peer): void => {
      seen.push(peer.pid, peer.uid, peer.gid, peer.address?.kind, typeof peer.securityLabel);
      if (platform !== 'linux') return;
      seen.push(Array.isArray(peer.groups));
      using pidfd = peer.pidFd();
      seen.push(pidfd === null);
    };
    const authorize = async (peer: Peer): Promise<boolean> => {
      await when(() => look(peer));
      return true;
    };
    await play(kind, authorize, async ({ greeting }) => {
      expect(await greeting()).toBe('in');
    });
    expect(seen.slice(0, 4)).toEqual([pid, geteuid?.(), getegid?.(), 'unnamed']);
    if (platform === 'linux') expect(seen.slice(5)).toEqual([true, false]);
  });

  test('one that is undecided does not hold up the next', async () => {
    const decisions = new Decisions();
    await play(kind, decisions.authorize, async ({ connect }) => {
      const slow = await connect();
      const quick = await connect();
      await until(() => decisions.asked === 2);
      decisions.pending[1]?.admit(true);
      expect(await quick.greeting()).toBe('in');
      decisions.pending[0]?.admit(true);
      expect(await slow.greeting()).toBe('in');
    });
  });

  test('of 300 that are not decided 256 are asked about, then all get in', async () => {
    const decisions = new Decisions();
    await play(kind, decisions.authorize, async ({ door, connect }) => {
      const clients = await Promise.all(Array.from({ length: 300 }, connect));
      const open = openDescriptors().size;
      await until(() => decisions.asked === 256);
      for (let i = 0; i < 10; i++) await turn();
      expect(decisions.asked).toBe(256);
      expect(openDescriptors().size).toBeLessThanOrEqual(open + 256);
      for (let count = 1; count <= 300; count++) {
        await until(() => decisions.pending.length > 0);
        expect(decisions.asked).toBeLessThan(256 + count);
        decisions.pending.shift()?.admit(true);
        await until(() => door.handed.length === count);
      }
      expect(decisions.asked).toBe(300);
      for (const client of clients) expect(await client.greeting()).toBe('in');
    });
  });

  test('and when all are decided at once', async () => {
    const decisions = new Decisions();
    await play(kind, decisions.authorize, async ({ door, connect }) => {
      const clients = await Promise.all(Array.from({ length: 600 }, connect));
      for (let count = 0; count < 600; ) {
        await until(() => decisions.asked === Math.min(600, count + 256));
        for (const { admit, fail } of decisions.pending.splice(0)) {
          const verdict = count++ % 3;
          if (verdict === 0) fail(new Error('no'));
          else admit(verdict === 1);
        }
      }
      await until(() => door.handed.length === 200 && door.refused === 400);
      const greetings = await Promise.all(clients.map((client) => client.greeting()));
      expect(greetings.filter((greeting) => greeting === 'in')).toHaveLength(200);
    });
  });

  test('close() ends all that are not decided, and no decision comes after it', async () => {
    const decisions = new Decisions();
    const warnings = await play(kind, decisions.authorize, async ({ door, connect }) => {
      const clients = await Promise.all(Array.from({ length: 300 }, connect));
      await until(() => decisions.asked === 256);
      await door.close();
      for (const [i, { admit, fail }] of decisions.pending.entries()) {
        if (i % 2 === 0) admit(true);
        else fail(Object.create(null));
      }
      for (let i = 0; i < 10; i++) await turn();
      expect([door.handed.length, door.refused, decisions.asked]).toEqual([0, 0, 256]);
      const ends = await Promise.all(
        clients.map((client) => client.greeting().catch(({ code }) => code)),
      );
      // Those in the backlog are reset by the kernel.
      expect(ends.filter((end) => end === null)).toHaveLength(256);
      expect(ends.filter((end) => end === 'ECONNRESET')).toHaveLength(44);
    });
    expect(warnings).toEqual([]);
  });

  test.each<[string, () => unknown]>([
    ['returns true', () => true],
    ['promises true', async () => true],
    ['throws', throws(new Error('closed'))],
    ['rejects', () => Promise.reject(new Error('closed'))],
  ])('close() in an authorize that %s', async (_, verdict) => {
    let close: (() => unknown) | undefined;
    const decisions = new Decisions();
    const authorize: Authorize = (peer) => {
      if (decisions.asked === 0) return decisions.authorize(peer);
      close?.();
      return verdict() as boolean;
    };
    const warnings = await play(kind, authorize, async ({ door, connect }) => {
      close = () => door.close();
      const clients = [await connect(), await connect()];
      for (const client of clients) expect(await client.greeting()).toBe(null);
      decisions.pending[0]?.admit(true);
      await turn();
      expect([door.handed.length, door.refused]).toEqual([0, 0]);
    });
    expect(warnings).toEqual([]);
  });

  test.each([
    ['refused', false],
    ['handed over and closed', true],
  ])('the Peer of a connection that was %s', async (_, admitted) => {
    const peers: Peer[] = [];
    await play(
      kind,
      (peer) => peers.push(peer) > 0 && admitted,
      async ({ door, greeting }) => {
        expect(await greeting()).toBe(admitted ? 'in' : null);
        await door.close();
        // Its number is another one's by now.
        const others = Array.from({ length: 8 }, () => UnixStream.pair()).flat();
        const peer = peers[0] as Peer;
        expect(peer.pid).toBe(process.pid);
        for (const read of [
          () => peer.address,
          () => peer.groups,
          () => peer.securityLabel,
          () => peer.pidFd(),
        ]) {
          expect(read).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_CLOSED' }));
        }
        for (const other of others) await other.close();
      },
    );
  });

  test('with all its decisions pending it stays open, and keeps the process alive', async () => {
    using scratch = new Scratch();
    const args = ['--expose-gc', fromRoot('test/fixtures/undecided.mjs')];
    await using child = new Child(process.execPath, [...args, scratch.path(), kind.name]);
    await child.says('listening');
    const clients = await Promise.all(
      Array.from({ length: 260 }, () => kind.connect(scratch.path())),
    );
    await child.says('asked about 256');
    for (let i = 1; i <= 3; i++) {
      child.kill('SIGUSR2');
      await child.says(`collected ${i}`);
    }
    clients.push(await kind.connect(scratch.path()));
    for (const client of clients) await client.close();
  });
});
