// examples/varlink.ts: by itself; to the real systemd-journald; from the real journalctl, and from varlinkctl where systemd has it.
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { example } from '../helpers/examples.js';
import { describeWith, fromRoot, programPath } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

const root = process.getuid?.() === 0;
const name = 'io.systemd.journal';

/** Runs a script in a mount namespace where /run is empty. */
const withOwnRun = (script: string, ...args: string[]): Child => {
  const own = ['--mount', '--propagation', 'private', '/bin/sh', '-euc'];
  const run = 'mount -t tmpfs tmpfs /run; mkdir -p /run/systemd/journal;';
  return new Child('unshare', [...own, `${run} ${script}`, ...args]);
};

test('a service, and calls of it with descriptors', async () => {
  await using child = example('varlink');
  expect((await child.succeeds()).split('\n')).toEqual([
    'the service has opened a file',
    'the service has counted its bytes: true',
    'org.varlink.service.MethodNotFound',
    '',
  ]);
  expect(child.stderr).toBe('');
}, 60_000);

const journald = ['/lib/systemd/systemd-journald', '/usr/lib/systemd/systemd-journald'];
describeWith('systemd-journald', root ? journald.find(existsSync) : undefined, (path: string) => {
  test('answers', async () => {
    await using daemon = withOwnRun('echo mounted; exec "$0"', path);
    await daemon.says('mounted');
    const service = `/proc/${daemon.pid}/root/run/systemd/journal/${name}`;
    await expect.poll(() => existsSync(service), { timeout: 10_000 }).toBe(true);

    await using child = example('varlink', 'call', service, 'io.systemd.Journal.Synchronize');
    expect(await child.succeeds()).toBe('{}\n');
    await using wrong = example('varlink', 'call', service, 'io.systemd.Journal.Nothing');
    expect((await wrong.ended).stderr).toContain('org.varlink.service.MethodNotFound');
  }, 60_000);
});

describeWith('journalctl', root ? programPath('journalctl') : undefined, (journalctl: string) => {
  test('is answered', async () => {
    using scratch = new Scratch();
    await using service = example('varlink', 'serve', scratch.path());
    await service.says('serving at');
    const script = `ln -s "$0" /run/systemd/journal/${name}; exec "$@"`;
    await using client = withOwnRun(script, scratch.path(), journalctl, '--sync');
    await client.succeeds();
    service.kill('SIGINT');
    await service.succeeds();
  }, 60_000);
});

// systemd 255 and newer.
const varlinkctl = programPath('varlinkctl');
test.runIf(varlinkctl !== undefined)(
  'varlinkctl is answered, with a descriptor',
  async () => {
    using scratch = new Scratch();
    await using service = example('varlink', 'serve', scratch.path());
    await service.says('serving at');
    const parameters = JSON.stringify({ name: fromRoot('package.json') });
    const args = ['call', scratch.path(), 'org.example.files.Open', parameters];
    await using client = new Child(varlinkctl as string, ['--json=short', ...args]);
    expect(JSON.parse(await client.succeeds())).toEqual({ fileDescriptor: 0 });
  },
  60_000,
);
