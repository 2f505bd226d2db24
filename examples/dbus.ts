// D-Bus with descriptors: the client `dbus-native` on a socket of `afunix/net`.
//
//   npx tsx examples/dbus.ts                     a private bus, a service, and a call to it
//   npx tsx examples/dbus.ts service ADDRESS     a service that compresses files; ADDRESS as in
//                                                DBUS_SESSION_BUS_ADDRESS
//   npx tsx examples/dbus.ts call ADDRESS FILE   has it compress FILE
//
// The service may not be able to open the file: it gets it open, and answers with one end of a socket,
// from which the compressed bytes come.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGunzip, createGzip } from 'node:zlib';
import { type FdLike, type FileDescriptor, UnixStream } from 'afunix';
import { connect } from 'afunix/net';
import dbus, { type InterfaceDescriptor, type Message, type MessageBus } from 'dbus-native';

const name = 'org.example.Compressor';
const path = '/org/example/Compressor';
type Methods = InterfaceDescriptor['methods'];

/** A message's descriptors: those of dbus-native, whose types know numbers only. */
const toSend = (fds: readonly FdLike[]): Pick<Message, 'fds'> => ({ fds: fds as number[] });
const received = ({ fds }: Message): FileDescriptor[] => (fds ?? []) as unknown as FileDescriptor[];

/** A connection to the bus. Where its socket can carry descriptors, dbus-native asks for them. */
function connectToBus(address: string): MessageBus {
  const [, kind, place] = /^unix:(path|abstract)=([^,;]+)/.exec(address) ?? [];
  if (place === undefined) throw new Error(`"${address}" is no address of a Unix socket`);
  const unescaped = decodeURIComponent(place);
  const stream = connect({ path: kind === 'abstract' ? `\0${unescaped}` : unescaped, maxFds: 253 });
  return dbus.createClient({ stream, authMethods: ['EXTERNAL'] });
}

async function serve(address: string): Promise<void> {
  const bus = connectToBus(address);
  const compressor = {
    // What a method returns goes without descriptors in dbus-native: this one answers by itself.
    Compress(index: number, message: Message): Promise<never> {
      const file = received(message)[index];
      const [mine, theirs] = UnixStream.pair();
      bus.connection.message(replyTo(bus, message, theirs));
      theirs.close(); // the message has a duplicate
      if (file !== undefined) {
        pipeline(file.toReadStream(), createGzip(), mine.toDuplex()).catch(console.error);
      }
      return new Promise(() => {});
    },
  };
  const methods = { Compress: ['h', 'h', ['file'], ['compressed']] } satisfies Methods;
  bus.exportInterface(compressor, path, { name, methods });
  await bus.requestName(name, 0);
  console.log(`${name} is on the bus`);
  process.send?.('ready');
  process.once('disconnect', () => bus.connection.end());
}

/** The answer to `call` that brings `fd`. */
function replyTo(bus: MessageBus, call: Message, fd: FdLike): Message {
  const { nextSerial } = bus as unknown as { nextSerial(): number }; // not in its types
  return {
    type: dbus.messageType.methodReturn,
    serial: nextSerial(),
    destination: call.sender as string,
    replySerial: call.serial as number,
    signature: 'h',
    body: [0], // an index into fds
    ...toSend([fd]),
  };
}

async function call(address: string, fileName: string): Promise<void> {
  const bus = connectToBus(address);
  // An answer first. dbus-native sends what it was given the moment that authentication ends, and the
  // daemon reads up to that moment without room for descriptors: one that came so early would be lost, and
  // the daemon would hang up.
  await bus.getId();
  await using file = await open(fileName);
  const compressed = await new Promise<FileDescriptor>((resolve, reject) => {
    const message = { destination: name, path, interface: name, member: 'Compress' };
    bus.invoke(
      { ...message, signature: 'h', body: [0], ...toSend([file]) },
      function (this: { message: Message }, error: Error | null) {
        const [fd] = error === null ? received(this.message) : [];
        if (fd === undefined) reject(error ?? new Error('the answer brought no descriptor'));
        else resolve(fd);
      },
    );
  });
  console.log(`sent ${fileName} as a descriptor, and got back a ${compressed.kind}`);

  let bytes = 0;
  const source = compressed.toNetSocket().on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  const contents = await text(source.pipe(createGunzip()));
  const original = await readFile(fileName, 'utf8'); // by name: the service has read to the end of `file`
  const same = contents === original;
  console.log(
    `${Buffer.byteLength(original)} bytes came back as ${bytes}, ${same ? 'and are the same' : 'DIFFERENT'}`,
  );
  bus.connection.end();
}

async function demonstrate(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'afunix-dbus-'));
  const address = `unix:path=${join(folder, 'bus')}`;
  const options = ['--session', '--nofork', '--print-address', `--address=${address}`];
  const daemon = spawn('dbus-daemon', options, { stdio: ['ignore', 'pipe', 'inherit'] });
  const children: ChildProcess[] = [daemon];
  const start = (...args: string[]): ChildProcess => {
    const child = fork(fileURLToPath(import.meta.url), args);
    children.push(child);
    return child;
  };
  try {
    await once(daemon.stdout, 'data'); // its address: it listens
    const service = start('service', address);
    const gone = once(service, 'exit').then(() => Promise.reject(new Error('no service')));
    await Promise.race([once(service, 'message'), gone]);
    const [code] = await once(start('call', address, 'README.md'), 'exit');
    process.exitCode = code;
  } finally {
    for (const child of children) child.kill();
    rmSync(folder, { recursive: true });
  }
}

const [command, address = process.env.DBUS_SESSION_BUS_ADDRESS ?? '', file] = process.argv.slice(2);
if (command === 'service') await serve(address);
else if (command === 'call') await call(address, file ?? 'README.md');
else await demonstrate();
