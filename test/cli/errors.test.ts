// What goes wrong is one line that says what to do, and an exit code.
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { UnixDatagram, UnixListener } from 'afunix';
import { describe, expect, test } from 'vitest';
import { afunix, listening } from '../helpers/command.js';
import { Scratch } from '../helpers/scratch.js';

async function fails(args: readonly string[]): Promise<{ code: number | null; line: string }> {
  await using child = afunix(args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const { code, stdout, stderr } = await child.ended;
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^afunix: [^\n]*\n$/);
  return { code, line: stderr };
}

describe('wrong arguments: 2', () => {
  test.each([
    [[], 'which command?'],
    [['dance', '@a'], 'no command dance'],
    [['listen'], 'needs an address'],
    [['listen', ''], 'needs an address'],
    [['send', '@'], '@ and a name'],
    [['connect', '--bogus', '@a'], "'--bogus'"],
    [['connect', '--type'], '--type'],
    [['connect', '--type', 'tcp', '@a'], 'not tcp'],
    [['connect', '--keep', '@a'], 'connect has no --keep'],
    [['info', '--hex'], 'info has no --hex'],
    [['listen', '--mode', '888', '@a'], 'octal'],
    [['connect', '@a', 'data'], 'no use for data'],
    [['send', '@a', 'data', 'more'], 'no use for more'],
    [['info', 'all'], 'no use for all'],
  ])('%j', async (args, text) => {
    const { code, line } = await fails(args);
    expect(line).toContain(text);
    expect(line).toContain('afunix --help');
    expect(code).toBe(2);
  });
});

describe('what failed: 1', () => {
  test('nobody there', async () => {
    using scratch = new Scratch();
    expect(await fails(['connect', scratch.path()])).toEqual({
      code: 1,
      line: expect.stringMatching(/connect ENOENT .*: .*start the other side first/),
    });
  });

  test('a dead path; --replace takes it over', async () => {
    using scratch = new Scratch();
    const path = scratch.path();
    await (await UnixListener.bind(path, { unlinkOnClose: false })).close();
    expect((await fails(['send', path, 'hi'])).line).toContain('ECONNREFUSED');
    expect((await fails(['receive', path])).line).toContain('--replace');

    await using receiver = await listening(['receive', '--replace', '--mode', '600', path]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await using sender = afunix(['send', path, 'hi']);
    await sender.succeeds();
    expect(await receiver.succeeds()).toBe('hi');
  });

  test('taken', async () => {
    using scratch = new Scratch();
    await using _listener = await UnixListener.bind(scratch.path());
    expect((await fails(['listen', '--replace', scratch.path()])).line).toContain('EADDRINUSE');
  });

  test('another type', async () => {
    using scratch = new Scratch();
    await using _socket = await UnixDatagram.bind(scratch.path());
    const { code, line } = await fails(['connect', scratch.path()]);
    expect(line).toContain('another `--type`');
    expect(code).toBe(1);
  });

  test('too long for a message', async () => {
    using scratch = new Scratch();
    await using _socket = await UnixDatagram.bind(scratch.path());
    await using sender = afunix(['send', '-q', '-t', 'dgram', scratch.path()]);
    sender.process.stdin?.end(Buffer.alloc(1 << 20));
    expect(await sender.ended).toMatchObject({ code: 1 });
    expect(sender.stderr).toContain('send it in parts');
  });

  test('a file to pass that is not there, before anything is sent', async () => {
    using scratch = new Scratch();
    const { code, line } = await fails(['send', '--fd', scratch.path('no'), scratch.path(), 'hi']);
    expect(line).toContain(`no such file or directory, open '${scratch.path('no')}'`);
    expect(code).toBe(1);
  });

  test('no socket, no folder', async () => {
    using scratch = new Scratch();
    writeFileSync(scratch.path('file'), '');
    mkdirSync(scratch.path('folder'));
    const [file, folder, missing] = await Promise.all([
      fails(['connect', scratch.path('file')]),
      fails(['listen', scratch.path('folder')]),
      fails(['listen', scratch.path('no/socket')]),
    ]);
    expect([file.code, folder.code, missing.code]).toEqual([1, 1, 1]);
    expect(missing.line).toContain('no such folder');
  });
});
