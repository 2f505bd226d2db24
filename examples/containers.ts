// Two containers, each with network and mount namespaces of its own, and one folder that both have: a
// path in it leads from one to the other; an abstract name does not leave its network namespace.
//
//   npx tsx examples/containers.ts     Linux, as root or where users may make namespaces
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UnixListener, UnixStream } from 'afunix';

const abstractName = '\0afunix-containers';
/** Where each container has the shared folder. */
const mountPoint = { red: '/mnt', blue: '/media' };

/** Runs `role` of this program in namespaces of its own, with `folder` at the mount point. */
function container(role: keyof typeof mountPoint, folder: string): ChildProcess {
  const namespaces = ['--net', '--mount', '--propagation', 'private'];
  if (process.getuid?.() !== 0) namespaces.push('--map-root-user');
  const script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';
  const program = [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url), role];
  const command = ['sh', '-c', script, 'sh', folder, mountPoint[role], ...program];
  return spawn('unshare', [...namespaces, ...command], { stdio: ['pipe', 'pipe', 'inherit'] });
}

/** The red container: a server, at the path and at the abstract name. */
async function red(): Promise<void> {
  const addresses = [join(mountPoint.red, 'greeter.sock'), abstractName];
  const listeners = await Promise.all(addresses.map((address) => UnixListener.bind(address)));
  for (const listener of listeners) greet(listener).catch(console.error);
  say('red', `listens at ${listeners.map(({ localAddress }) => localAddress).join(' and ')}`);
  await ask('red', abstractName);
  process.stdin.resume(); // until the other one is done
  await once(process.stdin, 'end');
  for (const listener of listeners) await listener.close();
}

async function greet(listener: UnixListener): Promise<void> {
  for await (const client of listener) {
    await client.write('good morning from red');
    await client.close();
  }
}

/** The blue container: a client. */
async function blue(): Promise<void> {
  say('blue', 'is here');
  await ask('blue', join(mountPoint.blue, 'greeter.sock'));
  await ask('blue', abstractName);
}

async function ask(who: string, address: string): Promise<void> {
  const name = address.replace('\0', '@');
  try {
    await using server = await UnixStream.connect(address);
    say(who, `at ${name}: ${await server.read()}`);
  } catch (error) {
    say(who, `at ${name}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** With the namespace: `red, net:[4026531840]: ...`. */
function say(who: string, what: string): void {
  console.log(`${who}, ${readlinkSync('/proc/self/ns/net')}: ${what}`);
}

async function demonstrate(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'afunix-containers-'));
  const server = container('red', folder);
  try {
    await printed(server, 'good morning');
    await printed(container('blue', folder));
    say('host', 'is neither');
    await ask('host', abstractName);
    server.stdin?.end();
    if (server.exitCode === null) await once(server, 'exit');
  } finally {
    server.kill();
    rmSync(folder, { recursive: true });
  }
}

/** Prints what it says, until it has said `text`, or else to the end, which has to be a good one. */
async function printed(child: ChildProcess, text?: string): Promise<void> {
  for await (const data of child.stdout ?? []) {
    process.stdout.write(data);
    if (text !== undefined && `${data}`.includes(text)) return;
  }
  const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode];
  if (code !== 0 || text !== undefined) throw new Error(`a container ended with ${code}`);
}

const [role] = process.argv.slice(2);
if (role === 'red') await red();
else if (role === 'blue') await blue();
else await demonstrate();
