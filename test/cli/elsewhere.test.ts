// The table of docs/cli.md: what is done with other tools, and here. Each line is run, in both ways.
import { readFileSync, statSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  UnixDatagram,
  UnixListener,
  type UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot, programPath } from '../helpers/programs.js';
import { hasSeqpacket, native, Scratch } from '../helpers/scratch.js';
import { Manager } from '../helpers/service-manager.js';

type Scenario = (start: (env?: NodeJS.ProcessEnv) => Child, scratch: Scratch) => Promise<void>;

/** Tries until it succeeds: the other side is starting. */
async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch {
      await sleep(20);
    }
  }
}

const connect = (scratch: Scratch): Promise<UnixStream> =>
  eventually(() => UnixStream.connect(scratch.path('a.sock')));

async function talks(child: Child, peer: UnixStream | UnixSeqpacket): Promise<void> {
  child.process.stdin?.write('hello\n');
  expect(`${(await peer.receive())?.data}`.trim()).toBe('hello');
  if (peer instanceof UnixStream) await peer.write('answer\n');
  else await peer.send('answer\n');
  await child.says('answer');
}

const client =
  (Listener: typeof UnixListener | typeof UnixSeqpacketListener, name = 'a.sock'): Scenario =>
  async (start, scratch) => {
    const address = name.startsWith('@') ? native(name) : scratch.path(name);
    await using listener = await Listener.bind(address);
    await using child = start();
    await using peer = await listener.accept();
    await talks(child, peer);
  };

const relay: Scenario = async (start, scratch) => {
  await using listener = await UnixListener.bind(scratch.path('b.sock'));
  await using _child = start();
  await using stream = await connect(scratch);
  await using server = await listener.accept();
  await stream.write('hello');
  expect(`${await server.read()}`).toBe('hello');
  await server.write('answer');
  expect(`${await stream.read()}`).toBe('answer');
};

const stated =
  (check: (path: string) => void): Scenario =>
  async (start, scratch) => {
    await using _child = start();
    // socat sets them when the path is there. Its first client may end that.
    await eventually(async () => check(scratch.path('a.sock')));
    await using _stream = await connect(scratch);
  };

/** A command that prints something of a listener, and ends. */
const inspects =
  (check: (stdout: string, scratch: Scratch) => void): Scenario =>
  async (start, scratch) => {
    await using _listener = await UnixListener.bind(scratch.path('a.sock'));
    await using child = start();
    child.process.stdin?.end();
    check(await child.succeeds(), scratch);
  };

const name = `@talk-${process.pid}`;
const scenarios: Readonly<Record<string, Scenario>> = {
  'talk to a server': client(UnixListener),
  'the same': client(UnixListener),
  'wait for a client': async (start, scratch) => {
    await using child = start();
    await using stream = await connect(scratch);
    await talks(child, stream);
  },
  'print what many clients send': async (start, scratch) => {
    await using child = start();
    await using one = await connect(scratch);
    await using other = await connect(scratch);
    await other.write('other\n');
    await child.says('other\n');
    await one.write('one\n');
    await child.says('one\n');
  },
  'send a datagram': async (start, scratch) => {
    await using socket = await UnixDatagram.bind(scratch.path('a.sock'));
    await using child = start();
    child.process.stdin?.end('hello');
    expect(`${(await socket.receive()).data}`).toBe('hello');
    await child.succeeds();
  },
  'print datagrams': async (start, scratch) => {
    await using child = start();
    await using socket = UnixDatagram.unbound();
    await eventually(() => socket.send('hello', { to: scratch.path('a.sock') }));
    await child.says('hello');
  },
  seqpacket: client(UnixSeqpacketListener),
  'an abstract name': client(UnixListener, name),
  "the path's mode": stated((path) => expect(statSync(path).mode & 0o777).toBe(0o600)),
  "the path's owner": stated((path) => expect(statSync(path).uid).toBe(65534)),
  'a server that comes later': async (start, scratch) => {
    await using child = start();
    await sleep(1000);
    await client(UnixListener)(() => child, scratch);
  },
  'no more patience': async (start, scratch) => {
    await using listener = await UnixListener.bind(scratch.path('a.sock'));
    await using child = start();
    await using _peer = await listener.accept();
    expect((await child.ended).signal).toBe(null); // it gave up by itself
  },
  'pass on': relay,
  'look at what goes by': async (start, scratch) => {
    await using child = start();
    await relay(() => child, scratch);
    expect(child.stdout + child.stderr).toContain('hello');
    expect(child.stdout + child.stderr).toContain('answer');
  },
  'a program for each client': async (start, scratch) => {
    await using _child = start();
    await using stream = await connect(scratch);
    await stream.write('hello');
    expect(`${await stream.read()}`).toBe('hello');
  },
  'all sockets': inspects((stdout, scratch) => expect(stdout).toContain(scratch.path('a.sock'))),
  'who listens there': inspects((stdout) => expect(stdout).toContain(`${process.pid}`)),
  'does anybody listen': async (start, scratch) => {
    await using alone = start();
    expect((await alone.ended).code).not.toBe(0);
    await using _listener = await UnixListener.bind(scratch.path('a.sock'));
    await using child = start();
    await child.succeeds();
  },
  'start a service by its socket': async (start, scratch) => {
    await using child = start();
    await using _stream = await connect(scratch);
    expect(await child.succeeds()).toBe('1\n');
  },
  'tell the service manager': async (start, scratch) => {
    await using manager = await Manager.at(scratch.path('manager'));
    await using child = start({ ...process.env, NOTIFY_SOCKET: manager.address });
    expect(await manager.told()).toContain('READY=1');
    await manager.passBarrier();
    await child.succeeds();
  },
  'a request of HTTP': async (start, scratch) => {
    const server = http.createServer((_request, response) => response.end('hello'));
    await new Promise<void>((resolve) => server.listen(scratch.path('a.sock'), resolve));
    try {
      await using child = start();
      expect(await child.succeeds()).toBe('hello');
    } finally {
      server.close();
    }
  },
};

const rows = [
  ...readFileSync(fromRoot('docs/cli.md'), 'utf8').matchAll(
    /^\| (.*) \| `(.*)` \| `(afunix .*)` \|$/gm,
  ),
].map(([, job = '', elsewhere = '', here = '']) => ({ job, elsewhere, here }));
const root = process.getuid?.() === 0;
const possible = ({ job }: { job: string }): boolean =>
  (job !== 'seqpacket' || hasSeqpacket) && (job !== "the path's owner" || root);

test('each line has a scenario', () => {
  expect(rows.map(({ job }) => job).sort()).toEqual(Object.keys(scenarios).sort());
});

describe.skipIf(process.platform !== 'linux')('a line of the table', () => {
  test.each(rows.filter(possible))('$job: $elsewhere; $here', async ({ job, elsewhere, here }) => {
    const program = elsewhere.split(' ')[0] as string;
    const installed = programPath(program) !== undefined;
    if (!installed && process.env.AFUNIX_REQUIRE_ALL === '1') throw new Error(`no ${program}`);
    for (const command of installed ? [elsewhere, here] : [here]) {
      using scratch = new Scratch();
      const code = command
        .replaceAll('/tmp/', `${scratch.folder}/`)
        .replace(/^afunix/, `'${process.execPath}' '${fromRoot('dist/cli/main.js')}'`)
        .replace(/@talk|(?<=:)talk/, (found) => `${found}-${process.pid}`);
      const start = (env = process.env): Child =>
        new Child('/bin/sh', ['-c', `exec ${code}`], { env, cwd: scratch.folder });
      await scenarios[job]?.(start, scratch);
    }
  });
});
