// Compiled without `types`: Node's globals and modules are there because the declarations of afunix refer to them.
import { createInterface } from 'node:readline';
import { UnixAddress, UnixDatagram, UnixStream } from 'afunix';
import dgram, { createSocket, type RemoteInfo } from 'afunix/dgram';
import net, { attach, type Server, type Socket } from 'afunix/net';
import { SOCK_DGRAM, socketpair } from 'afunix/raw';
import { listenFds, notify } from 'afunix/systemd';

export async function send(data: Uint8Array): Promise<string | null> {
  const socket: UnixDatagram = await UnixDatagram.bind();
  await socket.send(data, { to: UnixAddress.abstract('name'), signal: AbortSignal.timeout(1) });
  const [one]: [UnixStream, UnixStream] = UnixStream.pair();
  const [fd]: [number, number] = socketpair(1, SOCK_DGRAM, 0);
  // @ts-expect-error: there is no such option
  await socket.send(data, { towards: fd });
  const { data: received }: { data: Buffer } = await socket.receive();
  return received.toString() + (one.peerAddress?.path ?? null);
}

export function lines(path: string): Server {
  const socket: Socket = net.connect(path);
  createInterface({ input: socket, output: socket }).on('line', (line) => socket.write(line));
  socket.on('fds', ([first], truncated: boolean) => first?.toReadStream() ?? truncated);
  const line: string = socket.read();
  // @ts-expect-error: there are no ports
  net.connect(80);
  return net.createServer((connection) => connection.end(line)).listen({ path, mode: 0o600 });
}

export function datagrams(path: string): void {
  const listener = (data: Buffer, from: RemoteInfo): void => void [data.length, from.path];
  createSocket('unix_dgram', listener).bind(path);
  dgram.createSocket('unix_dgram').send('text', path);
}

export async function serve(server: import('node:http').Server): Promise<void> {
  for (const { name } of listenFds()) process.stdout.write(name ?? '');
  attach(server, { authorize: ({ uid }) => uid === process.getuid?.() }).listen('/tmp/x');
  await notify({ ready: true });
}
