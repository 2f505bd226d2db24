// Descriptors that the manager keeps while the service is away.
import { open } from 'node:fs/promises';
import { UnixStream } from 'afunix';
import { removeFds, storeFds } from 'afunix/systemd';
import { afterEach, expect, test, vi } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';
import { activated, Manager } from '../helpers/service-manager.js';

checkDescriptors();
afterEach(() => {
  vi.unstubAllEnvs();
});

async function managerAt(address: string): Promise<Manager> {
  vi.stubEnv('NOTIFY_SOCKET', address);
  return Manager.at(address);
}

test.each([
  [undefined, 'FDSTORE=1'],
  [{ name: 'state files' }, 'FDSTORE=1\nFDNAME=state files'],
  [{ poll: true }, 'FDSTORE=1'],
  [{ name: 'a', poll: false }, 'FDSTORE=1\nFDNAME=a\nFDPOLL=0'],
])('%j', async (options, text) => {
  using scratch = new Scratch();
  await using manager = await managerAt(scratch.address());
  await using file = await open(fromRoot('package.json'));
  await using folder = await open(fromRoot('lib'));

  expect(await storeFds([file, folder.fd], options)).toBe(true);
  const { data, fds } = await manager.receive();
  expect(data.toString()).toBe(text);
  expect(fds.map(({ kind }) => kind)).toEqual(['file', 'directory']);
  for (const fd of fds) fd.close();
  expect((await file.stat()).isFile()).toBe(true);
});

test('253 at once', async () => {
  using scratch = new Scratch();
  await using manager = await managerAt(scratch.address());
  await using file = await open(fromRoot('package.json'));

  await storeFds(Array(253).fill(file));
  const { fds } = await manager.receive();
  expect(fds.length).toBe(253);
  for (const fd of fds) fd.close();
});

test('removed by name', async () => {
  using scratch = new Scratch();
  await using manager = await managerAt(scratch.address());

  expect(await removeFds('state files')).toBe(true);
  expect(await manager.told()).toEqual(['FDSTOREREMOVE=1', 'FDNAME=state files']);
});

test('a service that dies gets its listener and its client back', async () => {
  using scratch = new Scratch();
  await using manager = await managerAt(scratch.address());
  const path = scratch.address();
  const env = { NOTIFY_SOCKET: manager.address };
  const first = activated(
    `import { UnixListener } from 'afunix';
    import { storeFds } from 'afunix/systemd';
    const listener = await UnixListener.bind(${JSON.stringify(path)});
    await storeFds([listener], { name: 'listener' });
    const client = await listener.accept();
    await storeFds([client], { name: 'client' });
    await client.write('one ');
    process.kill(process.pid, 'SIGKILL');`,
    [],
    env,
  );
  const listener = (await manager.receive()).fds;
  await using stream = await UnixStream.connect(path);
  const client = (await manager.receive()).fds;
  expect((await first.ended).signal).toBe('SIGKILL');

  const kept = [...listener, ...client];
  await using second = activated(
    `import { fromFd } from 'afunix';
    import { listenFds } from 'afunix/systemd';
    const fds = new Map(listenFds().map((fd) => [fd.name, fromFd(fd)]));
    await fds.get('client').write('two');
    await (await fds.get('listener').accept()).write('three');`,
    kept.map(({ fd }) => fd),
    { ...env, LISTEN_FDS: '2', LISTEN_FDNAMES: 'listener:client' },
  );
  for (const fd of kept) fd.close();
  await using other = await UnixStream.connect(path);
  expect((await other.read())?.toString()).toBe('three');
  await second.succeeds();
  expect(await textOf(stream)).toBe('one two');
});

async function textOf(stream: UnixStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}
