// `listen --keep`: many peers at a time.
import { UnixDatagram, UnixSeqpacket, UnixStream } from 'afunix';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { listening } from '../helpers/command.js';
import { describeWith, programPath } from '../helpers/programs.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

test('stream: whole lines of each, and stdin to all', async () => {
  using scratch = new Scratch();
  await using child = await listening(['listen', '-k', '--framing', 'line', scratch.path()]);
  await using one = await UnixStream.connect(scratch.path());
  await using other = await UnixStream.connect(scratch.path());

  await one.write('one begins');
  await other.write('other\nsays ');
  await child.says('other\n');
  await one.write(', and ends\n');
  await child.says('other\none begins, and ends\n');
  await other.write('more');
  await other.close();
  await child.says('says more\n');
  await child.says('#2 closed', 'stderr');
  expect(child.stderr).toMatch(new RegExp(`from #1, process ${process.pid} .*\n`));

  await using next = await UnixStream.connect(scratch.path());
  await child.says('#3 connected', 'stderr');
  child.process.stdin?.end('to all\n');
  expect(`${await one.read()}`).toBe('to all\n');
  expect(`${await next.read()}`).toBe('to all\n');
  // The end of stdin ends nobody.
  await one.write('still here\n');
  await child.says('still here\n');
});

test('stream: without framing, bytes are printed as they come', async () => {
  using scratch = new Scratch();
  await using child = await listening(['listen', '-k', scratch.path()]);
  await using one = await UnixStream.connect(scratch.path());
  await one.write('no newline');
  await child.says('no newline');
});

test.skipIf(!hasSeqpacket)('seqpacket: each packet is a line', async () => {
  using scratch = new Scratch();
  await using child = await listening(['listen', '-k', '-t', 'seqpacket', scratch.path()]);
  await using one = await UnixSeqpacket.connect(scratch.path());
  await using other = await UnixSeqpacket.connect(scratch.path());
  await one.send('one');
  await child.says('one\n');
  await other.send('other');
  await child.says('one\nother\n');
  child.process.stdin?.write('first\nsecond\n');
  for (const peer of [one, other]) {
    expect(`${(await peer.receive())?.data}`).toBe('first');
    expect(`${(await peer.receive())?.data}`).toBe('second');
  }
});

test.runIf(hasSeqpacket)('seqpacket: from whom', async () => {
  using scratch = new Scratch();
  await using child = await listening(['listen', '-k', '-t', 'seqpacket', scratch.path()]);
  await using one = await UnixSeqpacket.connect(scratch.path());
  await using other = await UnixSeqpacket.connect(scratch.path());
  await one.send('one');
  await child.says('one\n');
  await other.send('other');
  await child.says('other\n');
  const heads = [...child.stderr.matchAll(/from (#\d), process (\d+)/g)].map(([, ...who]) => who);
  expect(heads).toEqual([
    ['#1', `${process.pid}`],
    ['#2', `${process.pid}`],
  ]);
});

test.each([
  ['none', 'onetwo'],
  ['line', 'one\ntwo\n'],
  ['nul', 'one\0two\0'],
  ['length', '\0\0\0\x03one\0\0\0\x03two'],
])('dgram, --framing %s', async (framing, printed) => {
  using scratch = new Scratch();
  const args = ['listen', '-k', '-t', 'dgram', '--framing', framing, scratch.path()];
  await using child = await listening(args);
  await using client = await UnixDatagram.bind(scratch.path('client'));
  for (const word of ['one', 'two']) await client.send(word, { to: scratch.path() });
  await child.says(printed);
  expect(child.stdout).toBe(printed);
  expect(child.stderr).toContain(`from ${scratch.path('client')}`);
});

test('dgram, --json: from whom', async () => {
  using scratch = new Scratch();
  await using child = await listening(['listen', '-k', '-j', '-t', 'dgram', scratch.path()]);
  await using client = await UnixDatagram.bind(scratch.path('client'));
  await client.send('text', { to: scratch.path() });
  await client.send(Buffer.from([0xff]), { to: scratch.path() });
  await child.says('base64');

  const records = child.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(records).toMatchObject([
    { from: scratch.path('client'), data: 'text', fds: [] },
    { from: scratch.path('client'), base64: '/w==', fds: [] },
  ]);
  if (process.platform === 'linux') expect(records[0].peer.pid).toBe(process.pid);
  for (const line of child.stderr.trim().split('\n'))
    expect(JSON.parse(line).note).toEqual(expect.any(String));
});

describeWith('nc', programPath('nc'), (nc) => {
  test('two of them', async () => {
    using scratch = new Scratch();
    await using child = await listening(['listen', '-k', '--framing', 'line', scratch.path()]);
    await using one = new Child(nc, ['-U', scratch.path()]);
    await using other = new Child(nc, ['-U', scratch.path()]);
    one.process.stdin?.write('one\n');
    await child.says('one\n');
    other.process.stdin?.write('other\n');
    await child.says('other\n');
    child.process.stdin?.write('both\n');
    await one.says('both\n');
    await other.says('both\n');
  });
});
