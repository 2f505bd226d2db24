// `--json` of every command: what goes wrong is a line of JSON, too.
import { describe, expect, test } from 'vitest';
import { afunix, listening } from '../helpers/command.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';
import { Manager } from '../helpers/service-manager.js';

const { commands } = await import(fromRoot('dist/cli/commands.js'));

test('every command that prints anything but a script has it', () => {
  const without = (commands as { name: string; options: string[] }[]).filter(
    ({ options }) => !options.includes('json'),
  );
  expect(without.map(({ name }) => name)).toEqual(['completion']);
});

describe('wrong arguments', () => {
  test.each([
    { args: ['listen', '--json'], error: 'listen needs an address' },
    { args: ['send', '-j', '--no-such', 'PATH'], error: "Unknown option '--no-such'" },
    { args: ['-jx', 'send', 'PATH', 'odd'], error: 'no hex digits' },
    { args: ['nothing', '--json'], error: 'there is no command nothing' },
    { args: ['notify', '--json', 'no assignment'], error: 'an assignment is NAME=VALUE' },
    { args: ['activate', '--json', 'true', '--json'], error: 'activate needs --listen' },
  ])('$args', async ({ args, error }) => {
    await using child = afunix(args);
    const { code, stdout, stderr } = await child.ended;
    expect(JSON.parse(stderr)).toEqual({ error: expect.stringContaining(error) });
    expect([code, stdout]).toEqual([2, '']);
  });

  test('--json of the program that a command runs is its own', async () => {
    await using child = afunix(['activate', 'true', '--json']);
    expect((await child.ended).stderr).toMatch(/^afunix: activate needs --listen/);
  });
});

test('activate: its notes', async () => {
  using scratch = new Scratch();
  await using child = await listening(['activate', '-jl', scratch.path(), '--now', 'true']);
  await child.succeeds();
  expect(
    child.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([{ note: `listening on ${scratch.path()}` }]);
});

test('notify: an error, and nothing else', async () => {
  using scratch = new Scratch();
  const env = { ...process.env, NOTIFY_SOCKET: scratch.path('manager') };
  await using alone = afunix(['notify', '--json', 'READY=1'], { env });
  const { code, stderr } = await alone.ended;
  expect([code, JSON.parse(stderr).code]).toEqual([1, 'ENOENT']);

  await using manager = await Manager.at(scratch.path('manager'));
  await using child = afunix(['notify', '--json', 'READY=1'], { env });
  expect(await manager.told()).toContain('READY=1');
  await manager.passBarrier();
  expect([await child.succeeds(), child.stderr]).toEqual(['', '']);
});
