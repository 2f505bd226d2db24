// Many connections at once, each echoing all the time, on one loop: half of them on the promises, half on afunix/net.
import { once } from 'node:events';
import { UnixListener } from 'afunix';
import { createServer } from 'afunix/net';
import { atMost, echo, helper, part, progress, settings } from './part.mjs';

const { seconds } = settings;
const connections = atMost(settings.connections);

await part(async (folder) => {
  let open = 0;
  let most = 0;
  let bytes = 0;
  const opened = () => {
    most = Math.max(most, ++open);
  };
  const listener = await UnixListener.bind(`${folder}/promises`);
  const serving = (async () => {
    for await (const stream of listener) {
      opened();
      echo(stream).finally(() => open--);
    }
  })();
  const server = createServer((socket) => {
    opened();
    socket.on('data', (data) => {
      bytes += data.length;
    });
    socket.pipe(socket).on('close', () => open--);
  });
  await once(server.listen(`${folder}/net`), 'listening');
  const timer = setInterval(
    () => progress(0, `${open} connections, ${Math.floor(bytes / 1e6)} MB on those of net`),
    5000,
  );
  const client = await helper('connections-client.mjs', folder, connections, seconds);
  clearInterval(timer);
  await listener.close();
  await serving;
  await server[Symbol.asyncDispose]();
  return {
    did: `${most.toLocaleString('en')} connections at once, ${client.exchanges.toLocaleString('en')} exchanges`,
    lost: client.lost + (connections - most),
    unhandled: client.unhandled,
  };
});
