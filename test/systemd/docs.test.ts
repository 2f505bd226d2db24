// Every block of docs/systemd.md runs as shown.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { UnixDatagram, UnixListener, UnixStream } from 'afunix';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { describeWith, fromRoot, programPath, runtime } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';
import { activated, Manager } from '../helpers/service-manager.js';

const page = readFileSync(fromRoot('docs/systemd.md'), 'utf8');
const blocks = [...page.matchAll(/^```(\w+)\n(.*?)^```/gms)].map(([, language, code]) => ({
  language: language as string,
  code: code as string,
}));

/** The block with this text in it. Its sockets and files are made in the test's own folder. */
function block(text: string, scratch: Scratch): string {
  const [found, other] = blocks.filter(({ code }) => code.includes(text));
  if (found === undefined || other !== undefined) throw new Error(`"${text}" is not in one block`);
  return found.code.replaceAll('/tmp/', `${scratch.folder}/`);
}

test('there are no others', () => {
  expect(blocks.map(({ language }) => language).join(' ')).toBe('js sh sh ini ini js js js js');
});

describe('a service', () => {
  test('tells what it does', async () => {
    using scratch = new Scratch();
    await using manager = await Manager.at(scratch.address());
    const env = { NOTIFY_SOCKET: manager.address };
    await using child = activated(block('hello.mjs\nimport', scratch), [], env);

    expect(await manager.told()).toEqual(['READY=1', 'STATUS=Saying hello']);
    child.kill('SIGHUP');
    expect((await manager.told())[0]).toBe('RELOADING=1');
    expect(await manager.told()).toEqual(['READY=1']);
    child.kill('SIGTERM');
    expect(await manager.told()).toEqual(['STOPPING=1']);
    await child.succeeds();
  });

  describeWith('systemd-socket-activate', programPath('systemd-socket-activate'), () => {
    describeWith('curl', programPath('curl'), () => {
      test('is started by its first client', async () => {
        using scratch = new Scratch();
        writeFileSync(scratch.path('hello.mjs'), block('hello.mjs\nimport', scratch));
        writeFileSync(scratch.path('package.json'), '{}'); // Deno looks for node_modules beside one
        mkdirSync(scratch.path('node_modules'));
        symlinkSync(fromRoot('.'), scratch.path('node_modules/afunix'));
        const shell = (text: string): Child => {
          const command = block(text, scratch).replace('node ', `${runtime.join(' ')} `);
          return new Child('/bin/sh', ['-c', `exec ${command}`], { cwd: scratch.folder });
        };
        await using service = shell('--fdname');
        await service.says('Listening on', 'stderr');
        await using client = shell('curl');

        expect(await client.succeeds()).toBe('hello\n');
      });
    });
  });

  describeWith('systemd-analyze', programPath('systemd-analyze'), (analyze: string) => {
    test('has units that systemd understands', async () => {
      using scratch = new Scratch();
      const files = ['hello.socket', 'hello.service'].map((name) => {
        const unit = block(`# ${name}\n`, scratch).replace('/usr/bin/node', process.execPath);
        writeFileSync(scratch.path(name), unit);
        return scratch.path(name);
      });
      await using child = new Child(analyze, ['verify', ...files]);

      await child.succeeds();
      expect(child.stderr).toBe('');
    });
  });
});

test('sockets by name', async () => {
  using scratch = new Scratch();
  const [log, control] = [scratch.path('log'), scratch.path('control')];
  await using datagram = await UnixDatagram.bind(log);
  await using listener = await UnixListener.bind(control);
  await using child = activated(block("fds.get('log')", scratch), [datagram.fd, listener.fd], {
    LISTEN_FDS: '2',
    LISTEN_FDNAMES: 'log:control',
  });

  await using stream = await UnixStream.connect(control);
  expect((await stream.read())?.toString()).toBe('at your service\n');
  await using sender = UnixDatagram.unbound();
  await sender.send('hello', { to: log });
  await child.says(`hello (from process ${process.pid})\n`);
});

test('watchdog', async () => {
  using scratch = new Scratch();
  await using manager = await Manager.at(scratch.address());
  const env = { NOTIFY_SOCKET: manager.address, WATCHDOG_USEC: '20000' };
  await using _child = activated(block('watchdogInterval()', scratch), [], env);

  expect(await manager.told()).toEqual(['WATCHDOG=1']);
  expect(await manager.told()).toEqual(['WATCHDOG=1']);
});

test('what survives a restart', async () => {
  using scratch = new Scratch();
  await using manager = await Manager.at(scratch.address());
  const env = { NOTIFY_SOCKET: manager.address };
  const code = block('storeFds(', scratch);
  await using first = activated(code, [], env);
  expect(await first.succeeds()).toBe('run 1\n');

  const { data, fds } = await manager.receive();
  expect(data.toString()).toBe('FDSTORE=1\nFDNAME=state');
  const kept = fds.map(({ fd }) => fd);
  const passed = { LISTEN_FDS: '1', LISTEN_FDNAMES: 'state' };
  await using second = activated(code, kept, passed);
  expect(await second.succeeds()).toBe('run 2\n');
  for (const fd of fds) fd.close();
});

test('before a short process ends', async () => {
  using scratch = new Scratch();
  await using manager = await Manager.at(scratch.address());
  const env = { NOTIFY_SOCKET: manager.address };
  await using child = activated(block('barrier(', scratch), [], env);

  expect(await manager.told()).toEqual(['STATUS=Backup done']);
  expect(child.process.exitCode).toBeNull();
  await manager.passBarrier();
  await child.succeeds();
});
