// Varlink, the protocol of systemd's services: JSON that ends with a NUL. Descriptors go along, and a reply or a call names them by
// their places, as in `{"fileDescriptor": 0}`.
//
//   npx tsx examples/varlink.ts                                 a service, and calls of it with descriptors
//   npx tsx examples/varlink.ts serve PATH                      try: varlinkctl call PATH org.example.files.Open '{"name":"package.json"}'
//   npx tsx examples/varlink.ts call PATH METHOD [PARAMETERS]   such as /run/systemd/userdb/io.systemd.DynamicUser
import { Buffer } from 'node:buffer';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type FdLike, FileDescriptor, UnixListener, UnixStream } from 'afunix';

type Json = Record<string, unknown>;
type Received = { message: Json; fds: FileDescriptor[] };
type Method = (
  parameters: Json,
  fds: FileDescriptor[],
) => Promise<{ parameters: Json; fds?: FileDescriptor[] }>;

/** Yields the messages of a connection. Descriptors come with the first byte of theirs. */
async function* messages(socket: UnixStream): AsyncGenerator<Received> {
  let [bytes, fds]: [Buffer, FileDescriptor[]] = [Buffer.alloc(0), []];
  for (let part = await socket.receive(); part !== null; part = await socket.receive()) {
    bytes = Buffer.concat([bytes, part.data]);
    fds.push(...part.fds);
    for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0)) {
      yield { message: JSON.parse(bytes.toString('utf8', 0, end)), fds };
      [bytes, fds] = [bytes.subarray(end + 1), []];
    }
  }
}

/** Calls a method, with descriptors. Those of the reply are the caller's to close. */
async function call(
  path: string,
  method: string,
  parameters: Json = {},
  fds: FdLike[] = [],
): Promise<Received> {
  await using socket = await UnixStream.connect(path, { maxFds: 253 });
  await socket.write(`${JSON.stringify({ method, parameters })}\0`, { fds });
  for await (const { message, fds } of messages(socket)) {
    if (message.error !== undefined)
      throw new Error(`${message.error}`, { cause: message.parameters });
    return { message: message.parameters as Json, fds };
  }
  throw new Error('the service closed the connection');
}

/** Serves methods, one connection beside the other. */
async function serve(listener: UnixListener, methods: Record<string, Method>): Promise<void> {
  const converse = async (connection: UnixStream): Promise<void> => {
    await using socket = connection;
    for await (const { message, fds } of messages(socket)) {
      const { method, parameters = {}, oneway } = message;
      const unknown = { error: 'org.varlink.service.MethodNotFound', parameters: { method } };
      const { fds: sent = [], ...reply } = (await methods[method as string]?.(
        parameters as Json,
        fds,
      )) ?? { ...unknown, fds: [] };
      if (oneway !== true) await socket.write(`${JSON.stringify(reply)}\0`, { fds: sent });
      for (const fd of sent) fd.close(); // the caller has a duplicate
    }
  };
  for await (const connection of listener) converse(connection).catch(console.error);
}

const files: Record<string, Method> = {
  /** Opens a file for the caller. */
  'org.example.files.Open': async ({ name }) => {
    const file = new FileDescriptor(openSync(String(name), 'r'));
    return { parameters: { fileDescriptor: 0 }, fds: [file] };
  },
  /** Counts the bytes of the file that the caller gives. */
  'org.example.files.Count': async ({ fileDescriptor }, fds) => {
    const file = fds[Number(fileDescriptor)] as FileDescriptor;
    return { parameters: { bytes: (await buffer(file.toReadStream())).length } };
  },
  /** As systemd-journald has it: `journalctl --sync` calls it. */
  'io.systemd.Journal.Synchronize': async () => ({ parameters: {} }),
};

const [command, path, method, parameters = '{}'] = process.argv.slice(2);
if (command === 'serve') {
  const listener = await UnixListener.bind(path as string, { replace: 'stale', maxFds: 253 });
  console.log(`serving at ${path}`);
  process.once('SIGINT', () => listener.close());
  await serve(listener, files);
} else if (command === 'call') {
  const { message, fds } = await call(path as string, method as string, JSON.parse(parameters));
  console.log(JSON.stringify(message), ...fds.map(({ kind }) => kind));
} else {
  const folder = mkdtempSync(join(tmpdir(), 'afunix-varlink-'));
  const service = join(folder, 'org.example.files');
  const listener = await UnixListener.bind(service, { maxFds: 253 });
  const serving = serve(listener, files);
  const opened = await call(service, 'org.example.files.Open', { name: process.execPath });
  const file = opened.fds[0] as FileDescriptor;
  console.log('the service has opened a', file.kind);
  const counted = await call(service, 'org.example.files.Count', { fileDescriptor: 0 }, [file]);
  console.log('the service has counted its bytes:', Number(counted.message.bytes) > 0);
  file.close();
  await call(service, 'org.example.files.Close').catch((error) => console.log(error.message));
  await listener.close();
  await serving;
  rmSync(folder, { recursive: true });
}
