// Commands that look at the sockets of this machine: list, who, probe, clean. And http.
import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { UnixDatagram, UnixListener } from 'afunix';
import { AF_UNIX, bind, close, SOCK_STREAM, socket } from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { describeWithUsers, nobody, readableCopy, readableNode } from '../helpers/another-user.js';
import { Child } from '../helpers/children.js';
import { afunix } from '../helpers/command.js';
import { Scratch } from '../helpers/scratch.js';

const linux = process.platform === 'linux';

async function leaveDead(path: string): Promise<void> {
  await (await UnixListener.bind(path, { unlinkOnClose: false })).close();
}

describe.skipIf(!linux)('list and who', () => {
  test('name the process that listens, its type, and what waits', async () => {
    using scratch = new Scratch();
    await using _listener = await UnixListener.bind(scratch.path());
    await using datagram = await UnixDatagram.bind(scratch.path('datagram'));
    await using other = UnixDatagram.unbound();
    await other.send('one', { to: scratch.path('datagram') });

    await using list = afunix(['list', scratch.folder]);
    const rows = (await list.succeeds()).trim().split('\n');
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatch(/^SOCKET +TYPE +STATE +WAITING +UNREAD +PROCESS +PEER +ADDRESS$/);
    expect(rows).toContainEqual(
      expect.stringMatching(
        new RegExp(`stream +listening .*\\[${process.pid}\\].*${scratch.path()}$`),
      ),
    );
    await using json = afunix(['list', '--json', scratch.path('datagram')]);
    expect(JSON.parse(await json.succeeds())).toMatchObject({
      address: scratch.path('datagram'),
      type: 'dgram',
      state: 'unconnected',
      owners: [{ pid: process.pid, uid: process.getuid?.() }],
    });
    expect(datagram.closed).toBe(false);

    await using who = afunix(['who', scratch.path()]);
    expect(await who.succeeds()).toMatch(
      new RegExp(`^process ${process.pid} \\(.*\\), user \\d+: listening stream\n$`),
    );
    await using nobody = afunix(['who', scratch.path('nobody')]);
    expect(await nobody.ended).toMatchObject({ code: 1, stdout: '' });
  });
});

test('probe: an exit code for each', async () => {
  using scratch = new Scratch();
  await using _listener = await UnixListener.bind(scratch.path('stream'));
  await using _datagram = await UnixDatagram.bind(scratch.path('dgram'));
  await leaveDead(scratch.path('dead'));
  writeFileSync(scratch.path('file'), '');
  const bound = socket(AF_UNIX, SOCK_STREAM);
  bind(bound, scratch.path('bound'));
  await using forbidden = await UnixDatagram.bind(scratch.path('forbidden'));
  chmodSync(scratch.path('forbidden'), 0);

  const probe = async (name: string, ...args: readonly string[]): Promise<string> => {
    await using child = afunix(['probe', ...args, scratch.path(name)]);
    const { code, stdout } = await child.ended;
    return `${code} ${stdout.trim()}`;
  };
  const cases = {
    stream: '0 alive: stream',
    dgram: '0 alive: dgram',
    dead: '1 dead',
    bound: '1 not listening: stream',
    nothing: '5 nothing',
    file: '6 no socket',
    ...(process.getuid?.() === 0 ? {} : { forbidden: '4 no right' }),
  };
  const found = await Promise.all(Object.keys(cases).map((name) => probe(name)));
  expect(found).toEqual(Object.values(cases));
  expect(await probe('stream', '--type', 'dgram')).toBe('3 another type: stream');
  expect(forbidden.closed).toBe(false);
  close(bound);
});

describeWithUsers('probe as another user', () => {
  test('no right to connect', async () => {
    using scratch = new Scratch();
    chmodSync(scratch.folder, 0o755);
    await using _socket = await UnixDatagram.bind(scratch.path(), { mode: 0 });
    const main = join(readableCopy, 'dist/cli/main.js');
    const options = { ...nobody, cwd: readableCopy };
    await using child = new Child(readableNode, [main, 'probe', scratch.path()], options);
    expect(await child.ended).toMatchObject({ code: 4, stdout: 'no right\n' });
  });
});

test('probe --wait, until somebody is there', async () => {
  using scratch = new Scratch();
  await using child = afunix(['probe', '--wait', '--json', scratch.path()]);
  await new Promise((done) => setTimeout(done, 500));
  expect(child.process.exitCode).toBe(null);
  await using _socket = await UnixDatagram.bind(scratch.path());
  expect(JSON.parse(await child.succeeds())).toMatchObject({ state: 'alive', type: 'dgram' });
});

test('clean removes only what is dead', async () => {
  using scratch = new Scratch();
  await using _listener = await UnixListener.bind(scratch.path('alive'));
  const bound = socket(AF_UNIX, SOCK_STREAM);
  bind(bound, scratch.path('bound'));
  for (const name of ['dead', 'named']) await leaveDead(scratch.path(name));
  writeFileSync(scratch.path('file'), '');

  const named = ['named', 'alive', 'file'].map((name) => scratch.path(name));
  await using one = afunix(['clean', ...named]);
  expect(await one.ended).toMatchObject({
    code: 1,
    stdout: `${named[0]}: removed\n${named[1]}: alive\n${named[2]}: no socket\n`,
  });
  await using folder = afunix(['clean', '-q', scratch.folder]);
  expect(await folder.succeeds()).toBe('');
  expect(readdirSync(scratch.folder).sort()).toEqual(['alive', 'bound', 'file']);
  expect(existsSync(scratch.path('dead'))).toBe(false);
  close(bound);
});

test('http: a request in one line', async () => {
  using scratch = new Scratch();
  const server = http.createServer((request, response) => {
    if (request.url !== '/echo') response.statusCode = 404;
    response.setHeader('x-method', `${request.method} ${request.headers['x-one']}`);
    request.pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(scratch.path(), resolve));
  const ask = async (...args: readonly string[]) => {
    await using child = afunix(['http', ...args]);
    child.process.stdin?.end('from stdin');
    const { code, stdout, stderr } = await child.ended;
    return { code, stdout, stderr };
  };
  try {
    const [post, stdin, missing, hex, odd] = await Promise.all([
      ask('-i', '-H', 'X-One: 1', scratch.path(), 'POST', '/echo', 'data'),
      ask('--json', scratch.path(), 'PUT', '/echo', '-'),
      ask(scratch.path(), 'GET', '/none'),
      ask('--hex', scratch.path(), 'POST', '/echo', '00 ff 0a'),
      ask('--hex', scratch.path(), 'POST', '/echo', 'abc'),
    ]);
    expect(post).toMatchObject({ code: 0, stderr: '' });
    expect(post.stdout).toMatch(/^HTTP\/1\.1 200 OK\n(.*\n)*x-method: POST 1\n(.*\n)*\ndata$/);
    expect(JSON.parse(stdin.stdout)).toMatchObject({
      status: 200,
      headers: { 'x-method': 'PUT undefined' },
      data: 'from stdin',
    });
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('status 404') });
    expect(hex).toEqual({ code: 0, stdout: '00 ff 0a\n', stderr: '' });
    expect(odd).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('hex') });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
