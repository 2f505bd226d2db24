// A datagram, a stream and a descriptor there and back, over whatever `import` and `require` found.
import assert from 'node:assert';
import { mkdtempSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as imported from 'afunix';
import * as importedRaw from 'afunix/raw';

const require = createRequire(import.meta.url);
const required = require('afunix');
assert.strictEqual(required.UnixStream, imported.UnixStream);
assert.strictEqual(require('afunix/raw').socketpair, importedRaw.socketpair);
assert.strictEqual(require('afunix/package.json').name, 'afunix');

const { UnixDatagram, UnixListener, UnixStream } = required;
const folder = mkdtempSync(join(tmpdir(), 'afunix-package-'));
try {
  const server = await UnixDatagram.bind(join(folder, 'server'));
  const client = await UnixDatagram.bind(join(folder, 'client'));
  await client.send('a datagram', { to: join(folder, 'server') });
  const datagram = await server.receive();
  await server.send(datagram.data, { to: datagram.from });
  assert.strictEqual((await client.receive()).data.toString(), 'a datagram');

  const listener = await UnixListener.bind(join(folder, 'listener'), { maxFds: 1 });
  const caller = await UnixStream.connect(join(folder, 'listener'));
  const callee = await listener.accept();
  writeFileSync(join(folder, 'file'), 'what the file holds');
  const file = await open(join(folder, 'file'));
  await caller.write('a stream', { fds: [file] });
  const { data, fds } = await callee.receive();
  assert.strictEqual(data.toString(), 'a stream');
  const contents = Buffer.alloc(100);
  const length = readSync(fds[0].fd, contents);
  assert.strictEqual(contents.toString('utf8', 0, length), 'what the file holds');
  fds[0].close();
  await callee.write(data);
  assert.strictEqual((await caller.read()).toString(), 'a stream');

  await file.close();
  for (const socket of [server, client, caller, callee, listener]) await socket.close();
} finally {
  rmSync(folder, { recursive: true });
}
const binary = /\S+afunix\S*\.node$/m.exec(readFileSync('/proc/self/maps', 'utf8'));
console.log(JSON.stringify({ version: process.version, arch: process.arch, binary: binary?.[0] }));
