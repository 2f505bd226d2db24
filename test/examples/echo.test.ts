// examples/echo.ts: by itself, and with socat as the client of each type.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { example } from '../helpers/examples.js';
import { describeWith, programPath } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

test('all three types', async () => {
  await using child = example('echo');
  expect((await child.succeeds()).split('\n')).toEqual([
    'stream: "a stream of bytes"',
    ...['seqpacket: "one packet"', 'seqpacket: "and another"'],
    ...['datagram: "one datagram"', 'datagram: "and another"'],
    '',
  ]);
}, 60_000);

describeWith('socat', programPath('socat'), (socat: string) => {
  test('gets back what it sends', async () => {
    using scratch = new Scratch();
    await using server = example('echo', 'serve', scratch.folder);
    await server.says('serving in');
    for (const address of [
      `UNIX-CONNECT:${scratch.path('stream')}`,
      `UNIX-CONNECT:${scratch.path('seqpacket')},socktype=5`,
      `UNIX-SENDTO:${scratch.path('datagram')},bind=${scratch.path('client')}`,
    ]) {
      await using client = new Child(socat, ['-', address]);
      client.process.stdin?.write('hello');
      await client.says('hello');
      client.process.stdin?.end();
      await client.succeeds();
    }
    server.kill('SIGINT');
    await server.succeeds();
    expect(server.stderr).toBe('');
  }, 60_000);
});
