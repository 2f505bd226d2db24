// Peers that connect and leave at once, as fast as they can, on the promises and on afunix/net.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { UnixListener } from 'afunix';
import { createServer } from 'afunix/net';
import { echo, helper, part, progress, settings } from './part.mjs';

const { times } = settings;

await part(async (folder) => {
  let came = 0;
  const met = () => progress(++came / (2 * times), `${came} came and left`);
  const listener = await UnixListener.bind(`${folder}/promises`);
  const serving = (async () => {
    for await (const stream of listener) {
      met();
      echo(stream);
    }
  })();
  const server = createServer((socket) => {
    met();
    socket.pipe(socket);
  });
  await once(server.listen(`${folder}/net`), 'listening');
  for (const name of ['promises', 'net']) {
    await helper('leavers-client.mjs', `${folder}/${name}`, times);
  }
  // They have ended: the last of them wait in the backlog.
  for (let turn = 0; turn < 1000 && came < 2 * times; turn++) await sleep(1);
  await listener.close();
  await serving;
  await server[Symbol.asyncDispose]();
  return {
    did: `2 x ${times.toLocaleString('en')} times connected and left`,
    lost: 2 * times - came,
  };
});
