import { UnixAddress, UnixDatagram, UnixStream } from 'afunix';
import { SOCK_DGRAM, socketpair } from 'afunix/raw';

export async function send(data: Uint8Array): Promise<string | null> {
  const socket: UnixDatagram = await UnixDatagram.bind();
  await socket.send(data, { to: UnixAddress.abstract('name') });
  const [one]: [UnixStream, UnixStream] = UnixStream.pair();
  const [fd]: [number, number] = socketpair(1, SOCK_DGRAM, 0);
  // @ts-expect-error: there is no such option
  await socket.send(data, { towards: fd });
  return one.peerAddress?.path ?? null;
}
