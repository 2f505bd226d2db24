// examples/journald.ts: by itself; to the real systemd-journald, which runs with a /run of its own; and
// from logger(1), whose large entry libsystemd sends as a memfd.
import { existsSync, readFileSync } from 'node:fs';
import { transformSync } from 'esbuild';
import { expect, test } from 'vitest';
import { readableCopy, readableNode } from '../helpers/another-user.js';
import { Child } from '../helpers/children.js';
import { example } from '../helpers/examples.js';
import { asModule, describeWith, fromRoot, programPath } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

const root = process.getuid?.() === 0;
const socket = '/run/systemd/journal/socket';
const large = `${'x'.repeat(500_000)}\nand a second line`;

/** Runs a script in a mount namespace where /run is empty but for what `before` puts there. */
const withOwnRun = (script: string, ...args: string[]): Child => {
  const own = ['--mount', '--propagation', 'private', '/bin/sh', '-euc'];
  const run = 'mount -t tmpfs tmpfs /run; mkdir -p /run/systemd/journal;';
  return new Child('unshare', [...own, `${run} ${script}`, ...args]);
};

test('a receiver and three entries', async () => {
  await using child = example('journald');
  const from = `from process ${child.pid}, user ${process.getuid?.()}, as a`;
  expect((await child.succeeds()).split('\n')).toEqual([
    `${from} datagram:`,
    ...['  MESSAGE=the program is up', '  PRIORITY=6', '  SYSLOG_IDENTIFIER=example'],
    `${from} datagram:`,
    ...['  MESSAGE=two\\nlines', '  PRIORITY=4', '  ATTEMPT=2', '  SYSLOG_IDENTIFIER=example'],
    `${from} file:`,
    '  MESSAGE=here is all of it',
    `  DUMP=${'x'.repeat(40)}... (1000000 bytes)`,
    ...['  SYSLOG_IDENTIFIER=example', ''],
  ]);
}, 60_000);

const journald = ['/lib/systemd/systemd-journald', '/usr/lib/systemd/systemd-journald'];
describeWith('systemd-journald', root ? journald.find(existsSync) : undefined, (path: string) => {
  test('takes its entries', async () => {
    await using daemon = withOwnRun('echo mounted; exec "$0"', path);
    await daemon.says('mounted');
    const run = `/proc/${daemon.pid}/root/run`;
    await expect
      .poll(() => existsSync(`${run}/systemd/journal/socket`), { timeout: 10_000 })
      .toBe(true);

    await using client = example('journald', 'send', `${run}/systemd/journal/socket`, 'hello');
    await client.succeeds();
    // From a user whom it trusts less: only a sealed file will do.
    const as = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const source = readFileSync(fromRoot('examples/journald.ts'), 'utf8');
    const { code } = transformSync(source, { loader: 'ts', target: 'node20' });
    const program = [readableNode, ...asModule, code, 'journald.ts'];
    const enter = [`--mount=/proc/${daemon.pid}/ns/mnt`, '--wd=.', ...as, ...program];
    await using other = new Child('nsenter', [...enter, 'send', socket, '-'], {
      cwd: readableCopy,
    });
    other.process.stdin?.end(large);
    await other.succeeds();

    const query = [
      '--directory',
      `${run}/log/journal`,
      '--all',
      '--output=json',
      'SYSLOG_IDENTIFIER=example',
    ];
    const entries = async (): Promise<Record<string, unknown>[]> => {
      await using child = new Child('journalctl', query);
      const lines = (await child.succeeds()).trimEnd().split('\n');
      return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    };
    await expect.poll(async () => (await entries()).length, { timeout: 10_000 }).toBe(2);
    const common = { _TRANSPORT: 'journal', PRIORITY: '5' };
    expect(await entries()).toMatchObject([
      { ...common, MESSAGE: 'hello', _PID: String(client.pid), _UID: '0' },
      { ...common, MESSAGE: large, _PID: String(other.pid), _UID: '65534' },
    ]);
  }, 60_000);
});

describeWith('logger', root ? programPath('logger') : undefined, (logger: string) => {
  test.each([
    ['hello', 'datagram', 'hello'],
    ['x'.repeat(9_000_000), 'file', `${'x'.repeat(40)}... (9000000 bytes)`],
  ])(
    'its entries are understood, case %#',
    async (message, how, shown) => {
      using scratch = new Scratch();
      await using receiver = example('journald', 'receive', scratch.path());
      await receiver.says('receiver at');
      const script = `ln -s "$0" ${socket}; exec "$@"`;
      await using sender = withOwnRun(script, scratch.path(), logger, '--journald');
      sender.process.stdin?.end(`MESSAGE=${message}\nTEST_FIELD=1\n`);
      await sender.succeeds();

      await receiver.says('TEST_FIELD=1\n');
      expect(receiver.stdout).toContain(
        `from process ${sender.pid}, user 0, as a ${how}:\n  MESSAGE=${shown}\n`,
      );
    },
    60_000,
  );
});
