// `--timeout` and `--retry` of every command that has them.
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { UnixDatagram, UnixListener, UnixStream } from 'afunix';
import { describe, expect, test } from 'vitest';
import { afunix, listening } from '../helpers/command.js';
import { Scratch } from '../helpers/scratch.js';
import { Manager } from '../helpers/service-manager.js';

describe('--timeout: nothing happens', () => {
  test.each(['listen', 'receive', 'relay'])('%s', async (command) => {
    using scratch = new Scratch();
    const addresses = [scratch.path(), ...(command === 'relay' ? [scratch.path('back')] : [])];
    await using child = await listening([command, '--timeout', '0.2', ...addresses]);
    const { code, stderr } = await child.ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining('nothing happened for 0.2 s')]);
  });

  test('connect, and send whose peer takes nothing', async () => {
    using scratch = new Scratch();
    await using _listener = await UnixListener.bind(scratch.path());
    for (const command of ['connect', 'send']) {
      await using child = afunix([command, '--timeout', '0.2', scratch.path()]);
      child.process.stdin?.write(Buffer.alloc(4_000_000));
      const { code, stderr } = await child.ended;
      expect([code, stderr]).toEqual([1, expect.stringContaining('nothing happened')]);
    }
  });

  test('probe --wait', async () => {
    using scratch = new Scratch();
    await using child = afunix(['probe', '--wait', '--timeout', '0.2', scratch.path()]);
    expect(await child.ended).toMatchObject({ code: 1, stdout: '' });
    expect(child.stderr).toContain('nothing happened');
  });

  test('http: no answer', async () => {
    using scratch = new Scratch();
    const server = http.createServer(() => {});
    await new Promise<void>((resolve) => server.listen(scratch.path(), resolve));
    try {
      await using child = afunix(['http', '--timeout', '0.2', scratch.path(), 'GET', '/']);
      expect(await child.ended).toMatchObject({ code: 1, stdout: '' });
      expect(child.stderr).toContain('nothing happened');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test('notify: the manager does not read', async () => {
    using scratch = new Scratch();
    await using manager = await Manager.at(scratch.path('manager'));
    const env = { ...process.env, NOTIFY_SOCKET: manager.address };
    await using child = afunix(['notify', '--timeout', '0.2', 'READY=1'], { env });
    expect(await child.ended).toMatchObject({ code: 1 });
  });
});

test('--timeout: whatever happens puts it off', async () => {
  using scratch = new Scratch();
  await using child = await listening(['receive', '--keep', '--timeout', '2', scratch.path()]);
  await using client = await UnixStream.connect(scratch.path());
  for (let count = 0; count < 6; count += 1) {
    await client.write('.');
    await sleep(500);
  }
  expect(child.process.exitCode).toBe(null);
});

test.each([
  ['listen', 'stream'],
  ['receive', 'dgram'],
])('--retry: %s at a path that becomes free', async (command, type) => {
  using scratch = new Scratch();
  await using taken = await UnixDatagram.bind(scratch.path());
  await using child = afunix([command, '--retry', '20', '-t', type, scratch.path()]);
  await Promise.race([child.ended, sleep(500)]);
  expect(child.process.exitCode).toBe(null);
  await taken.close();
  await child.says(scratch.path(), 'stderr'); // it has bound it
});
