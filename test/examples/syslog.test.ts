// examples/syslog.ts: by itself, with logger(1) as its client and with rsyslogd(8) as its daemon.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { example } from '../helpers/examples.js';
import { describeWith, programPath } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

const uid = process.getuid?.();

test('daemon and client', async () => {
  await using child = example('syslog');
  const who = `from process ${child.pid}, user ${uid}: demo[${child.pid}]:`;
  expect((await child.succeeds()).split('\n').slice(1)).toEqual([
    `daemon.info ${who} the client is up`,
    `daemon.warning ${who} and is about to go`,
    '',
  ]);
}, 60_000);

describeWith('logger', programPath('logger'), (logger: string) => {
  test('logs to the daemon', async () => {
    using scratch = new Scratch();
    await using daemon = example('syslog', 'daemon', scratch.path('log'));
    await daemon.says('daemon at');
    await using sender = new Child(logger, [
      ...['--socket', scratch.path('log'), '--priority', 'local0.err', '--tag', 'me', 'hello'],
    ]);
    await sender.succeeds();

    await daemon.says(`local0.err from process ${sender.pid}, user ${uid}: me: hello\n`);
  }, 60_000);
});

describeWith('rsyslogd', programPath('rsyslogd') ?? sbin('rsyslogd'), (rsyslogd: string) => {
  test('understands the client', async () => {
    using scratch = new Scratch();
    const [log, file] = [scratch.path('log'), scratch.path('messages')];
    writeFileSync(
      scratch.path('conf'),
      `module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="${log}")
template(name="all" type="string"
  string="%syslogfacility-text%.%syslogseverity-text% %programname% %procid%:%msg%\\n")
*.* action(type="omfile" file="${file}" template="all")\n`,
    );
    await using _daemon = new Child(rsyslogd, [
      ...['-n', '-f', scratch.path('conf'), '-i', scratch.path('pid')],
    ]);
    await using client = example('syslog', 'client', log, 'hello', 'from', 'Node');

    await client.succeeds(); // it waits for the daemon
    const line = `user.notice example ${client.pid}: hello from Node\n`;
    const written = (): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
    await expect.poll(written, { timeout: 20_000 }).toContain(line);
  }, 60_000);
});

/** Daemons are not in everybody's PATH. */
function sbin(name: string): string | undefined {
  return existsSync(`/usr/sbin/${name}`) ? `/usr/sbin/${name}` : undefined;
}
