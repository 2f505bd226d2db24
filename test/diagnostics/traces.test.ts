// NODE_DEBUG=afunix: each line says which socket did what.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { asModule, fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

const program = `
import { open } from 'node:fs/promises';
import { UnixDatagram, UnixListener, UnixStream } from 'afunix';
import dgram from 'afunix/dgram';
const path = process.argv.at(-1);
const listener = await UnixListener.bind(path, { maxFds: 1 });
const client = await UnixStream.connect(path);
const server = await listener.accept();
await client.write('hello', { fds: [await open('/dev/null')] });
const message = await server.receive();
message.fds[0].close();
const socket = await UnixDatagram.bind(path + '.dgram');
const sender = dgram.createSocket('unix_dgram');
sender.send('hi', path + '.dgram');
await socket.receive();
await UnixStream.connect(path + '.none').catch(() => {});
process.exit();
`;

const run = (scratch: Scratch, debug: string): Child =>
  new Child(process.execPath, [...asModule, program, scratch.path()], {
    cwd: fromRoot('.'),
    env: { ...process.env, NODE_DEBUG: debug },
  });

describe('NODE_DEBUG', () => {
  test('afunix: the traces', async () => {
    using scratch = new Scratch();
    await using child = run(scratch, 'afunix');
    await child.succeeds();

    const path = scratch.path();
    const lines = child.stderr.trim().split('\n');
    const fd = String.raw`\(\d+\)`;
    const expected = [
      `UnixStream to ${path} ${fd}: connected to ${path}`,
      `UnixListener at ${path} ${fd}: accepted UnixStream at ${path} ${fd}`,
      `UnixStream to ${path} ${fd}: sent 1 descriptors`,
      `UnixStream to ${path} ${fd}: sent 5 bytes`,
      `UnixStream at ${path} ${fd}: received 1 descriptors`,
      `UnixStream at ${path} ${fd}: received 5 bytes`,
      String.raw`afunix/dgram Socket \d+: sent 2 bytes to ${path}.dgram`,
      `UnixDatagram at ${path}.dgram ${fd}: received 2 bytes from nobody`,
      `connect ENOENT ${path}.none`,
    ];
    expect(lines).toHaveLength(expected.length);
    for (const [index, line] of expected.entries()) {
      expect(lines[index]).toMatch(new RegExp(`^AFUNIX ${child.pid}: ${line}$`));
    }
  });

  test('are as docs/diagnostics.md shows them', async () => {
    using scratch = new Scratch();
    await using child = run(scratch, 'afunix');
    await child.succeeds();

    const page = readFileSync(fromRoot('docs/diagnostics.md'), 'utf8');
    const shown = page.match(/^AFUNIX .*$/gm) ?? [];
    const general = (line: string): string =>
      line
        .replaceAll(`${scratch.path()}.none`, '/run/other.sock')
        .replaceAll(scratch.path(), '/run/app.sock')
        .replace(/(?<=^AFUNIX )\d+|(?<=\()\d+(?=\))/g, 'N');
    const lines = child.stderr.split('\n').map(general);
    expect(shown.length).toBeGreaterThan(3);
    for (const line of shown) expect(lines).toContain(general(line));
  });

  test('something else: none', async () => {
    using scratch = new Scratch();
    await using child = run(scratch, 'other');
    await child.succeeds();
    expect(child.stderr).toBe('');
  });
});
