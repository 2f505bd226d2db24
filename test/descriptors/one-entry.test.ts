// A program that imports one entry of the package works with the descriptors that it gets there.
import { openSync } from 'node:fs';
import { FileDescriptor, UnixDatagram } from 'afunix';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { asModule, fromRoot, programPath } from '../helpers/programs.js';
import { onLinux } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

/** Uses each member of the descriptor `fd`, whose own file is `package.json`. */
const useAll = `
  const members = Object.getOwnPropertyNames(Object.getPrototypeOf(fd));
  const codes = new Set();
  for (const name of members) {
    if (['constructor', 'close', 'detach', 'watch', 'toReadStream', 'toWriteStream'].includes(name)) continue;
    try {
      const value = fd[name];
      (typeof value === 'function' ? await value.call(fd) : undefined)?.close?.();
    } catch (error) {
      codes.add(error.code ?? error.message);
    }
  }
  const chunks = await fd.toReadStream().toArray();
  const { name } = JSON.parse(Buffer.concat(chunks));
  console.log(JSON.stringify({ name, codes: [...codes].sort() }));
`;

async function said(
  code: string,
  args: string[] = [],
  command = process.execPath,
): Promise<unknown> {
  const own = [...asModule, code];
  await using child = new Child(command, [...args, ...own]);
  return JSON.parse(await child.succeeds());
}

// No socket, and no memory: what converts one throws. A regular file cannot be waited for.
const codes = onLinux
  ? ['EPERM', 'ERR_INVALID_ARG_VALUE']
  : ['ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', 'ERR_INVALID_ARG_VALUE'];
const fine = { name: 'afunix', codes };

test('afunix/net', async () => {
  using scratch = new Scratch();
  const path = JSON.stringify(scratch.path());
  const code = `
    import { once } from 'node:events';
    import { closeSync, openSync } from 'node:fs';
    import net from 'afunix/net';
    const server = net.createServer({ maxFds: 1 }).listen(${path});
    const client = net.connect(${path});
    const [socket] = await once(server, 'connection');
    const file = openSync('package.json');
    client.writeWithFds('x', [file]);
    closeSync(file);
    const [[fd]] = await once(socket, 'fds');
    server.close();
    client.destroy();
    socket.destroy();`;
  expect(await said(code + useAll)).toEqual(fine);
});

test('afunix/dgram', async () => {
  using scratch = new Scratch();
  const code = `
    import { once } from 'node:events';
    import dgram from 'afunix/dgram';
    const receiver = dgram.createSocket({ type: 'unix_dgram', maxFds: 1 });
    receiver.bind(${JSON.stringify(scratch.path())}, () => console.error('bound'));
    const [, { fds: [fd] }] = await once(receiver, 'message');
    receiver.close();`;
  await using child = new Child(process.execPath, [...asModule, code + useAll]);
  await child.says('bound', 'stderr');
  await using sender = UnixDatagram.unbound();
  using file = new FileDescriptor(openSync(fromRoot('package.json'), 'r'));
  await sender.send('x', { to: scratch.path(), fds: [file] });
  expect(JSON.parse(await child.succeeds())).toEqual(fine);
});

test.runIf(onLinux && programPath('sh') !== undefined)('afunix/systemd', async () => {
  const code = `
    import { listenFds } from 'afunix/systemd';
    const [fd] = listenFds();
    Object.setPrototypeOf(fd, Object.getPrototypeOf(Object.getPrototypeOf(fd)));`;
  const command = 'exec 3<package.json; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"';
  expect(await said(code + useAll, ['-c', command, process.execPath], 'sh')).toEqual(fine);
});
