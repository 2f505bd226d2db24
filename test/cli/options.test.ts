// Options that commands share: files to pass, what becomes of files that came, owners, terminals, hints.
import { openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { UnixDatagram, UnixListener, UnixStream } from 'afunix';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { afunix, listening } from '../helpers/command.js';
import { describeWith, fromRoot, programPath } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

describe('--fd', () => {
  test('numbers, and files to read, write, append to, or both', async () => {
    using scratch = new Scratch();
    for (const name of ['r', 'a']) writeFileSync(scratch.path(name), 'old');
    writeFileSync(scratch.path('w'), 'older'); // it is written anew; the one of :rw is made
    await using socket = await UnixDatagram.bind(scratch.path(), { maxFds: 8 });
    const files = [
      '3',
      `${scratch.path('r')}:r`,
      scratch.path('r'),
      ...['a', 'w', 'rw'].map((how) => `${scratch.path(how)}:${how}`),
    ];
    const stdio = ['ignore', 'pipe', 'pipe', openSync(scratch.path('r'), 'r')] as const;
    const args = files.flatMap((file) => ['-f', file]);
    await using sender = afunix(['send', '-t', 'dgram', ...args, scratch.path(), 'hi'], {
      stdio: [...stdio],
    });
    const { fds } = await socket.receive();
    await sender.succeeds();

    const write = (fd: number): string => {
      try {
        return `${writeSync(fd, 'new')} written`;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code as string;
      }
    };
    const written = '3 written';
    const results = fds.map(({ fd }) => write(fd));
    expect(results).toEqual(['EBADF', 'EBADF', 'EBADF', written, written, written]);
    for (const fd of fds) fd.close();
    const contents = ['r', 'a', 'w', 'rw'].map((name) => readFileSync(scratch.path(name), 'utf8'));
    expect(contents).toEqual(['old', 'oldnew', 'new', 'new']);
  });

  test('a number that is not open', async () => {
    using scratch = new Scratch();
    await using _socket = await UnixDatagram.bind(scratch.path());
    await using sender = afunix(['send', '-t', 'dgram', '-f', '99', scratch.path(), 'hi']);
    expect(await sender.ended).toMatchObject({ code: 1 });
    expect(sender.stderr).toContain('EBADF');
  });
});

test('--save and --exec use what came', async () => {
  using scratch = new Scratch();
  writeFileSync(scratch.path('a file'), 'contents');
  const run = 'echo "$AFUNIX_FDS $AFUNIX_PEER_PID: $(cat) $(cat <&3)"';
  const args = ['--save', scratch.path('folder'), '--exec', run, scratch.path()];
  await using receiver = await listening(['receive', ...args]);
  const files = ['--fd', scratch.path('a file'), '--fd', scratch.folder];
  await using sender = afunix(['send', ...files, scratch.path(), 'hi']);
  await sender.succeeds();

  const pid = process.platform === 'linux' ? sender.pid : '';
  expect(await receiver.succeeds()).toBe(`2 ${pid}: hi contents\nhi`);
  expect(readFileSync(scratch.path('folder/1-a_file'), 'utf8')).toBe('contents');
  expect(receiver.stderr).toContain('a directory cannot be saved');
});

test.skipIf(process.getuid?.() !== 0)('--owner and --group, before anybody connects', async () => {
  using scratch = new Scratch();
  const args = ['--owner', 'nobody', '--group', '12345', '--mode', '620', scratch.path()];
  await using _receiver = await listening(['receive', ...args]);
  const { uid, gid, mode } = statSync(scratch.path());
  expect([uid, gid, mode & 0o777]).toEqual([65534, 12345, 0o620]);
});

describe('hints', () => {
  test.each([
    {
      args: ['send', 'PATH'],
      hint: /nobody has bound it; start the other side first, or `--wait` for it$/,
    },
    { args: ['listen', 'FOLDER/no/socket'], hint: /there is no such folder; make it first$/ },
    { args: ['listen', '--replace', 'TAKEN'], hint: /somebody uses it; choose another$/ },
    { args: ['connect', 'FILE'], hint: /the path is no socket$/ },
    {
      args: ['listen', '--owner', 'no-such-user', 'PATH'],
      hint: /User identifier does not exist: no-such-user/,
      code: 2,
    },
    { args: ['listen', '--timeout', 'soon', 'PATH'], hint: /number of seconds/, code: 2 },
    { args: ['send', '--retry', 'x', 'PATH'], hint: /whole number/, code: 2 },
  ])('$args', async ({ args, hint, code = 1 }) => {
    using scratch = new Scratch();
    await using _taken = await UnixListener.bind(scratch.path('taken'));
    writeFileSync(scratch.path('file'), '');
    const names = {
      PATH: scratch.path('none'),
      TAKEN: scratch.path('taken'),
      FILE: scratch.path('file'),
    };
    const typed = args.map((arg) =>
      Object.entries(names).reduce((text, [name, path]) => text.replace(name, path), arg),
    );
    await using child = afunix(typed.map((arg) => arg.replace('FOLDER', scratch.folder)));
    child.process.stdin?.end();
    const ended = await child.ended;
    expect(ended.stderr.trim().replace('; `afunix --help` tells more', '')).toMatch(hint);
    expect(ended.code).toBe(code);
  });

  test('--json: an error is a line of JSON', async () => {
    using scratch = new Scratch();
    await using child = afunix(['connect', '--json', scratch.path()]);
    expect(JSON.parse((await child.ended).stderr)).toEqual({
      error: expect.stringContaining('nobody has bound it'),
      code: 'ENOENT',
    });
  });
});

describeWith('python3', programPath('python3'), (python) => {
  /** Runs the command on a terminal of its own, and prints what the terminal got, as JSON. */
  const code = `import json, os, pty, sys
pid, terminal = pty.fork()
if pid == 0: os.execv(sys.argv[1], sys.argv[1:])
data = b''
while True:
    try: part = os.read(terminal, 1000)
    except OSError: break
    if not part: break
    data += part
    print(json.dumps(data.decode()), flush=True)
os.waitpid(pid, 0)
`;

  test.each([
    ['no newline', 'no newline\r\n'],
    ['with newline\n', 'with newline\r\n'],
  ])('on a terminal %j ends as a line', async (text, shown) => {
    using scratch = new Scratch();
    const command = [
      process.execPath,
      fromRoot('dist/cli/main.js'),
      'receive',
      '-q',
      scratch.path(),
    ];
    await using terminal = new Child(python, ['-c', code, ...command]);
    const connect = async (): Promise<UnixStream> => {
      for (;;) {
        try {
          return await UnixStream.connect(scratch.path());
        } catch {
          await new Promise((done) => setTimeout(done, 20));
        }
      }
    };
    await using stream = await connect();
    await stream.write(text);
    await stream.close();
    const lines = (await terminal.succeeds()).trim().split('\n');
    expect(JSON.parse(lines.at(-1) as string)).toBe(shown);
  });
});
