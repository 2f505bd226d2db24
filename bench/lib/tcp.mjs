import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * A round: `count` open TCP connections are given to `hand`, which resolves when another process has
 * them all. Only that is measured: to open and to close them takes Node much longer.
 */
export async function connections(hand, count) {
  const listening = createServer({ pauseOnConnect: true });
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address();
  return async () => {
    const accepted = [];
    const clients = [];
    while (accepted.length < count) {
      clients.push(connect(port, '127.0.0.1'));
      const [connection] = await once(listening, 'connection');
      accepted.push(connection);
    }
    const start = process.hrtime.bigint();
    await hand(accepted);
    const wall = Number(process.hrtime.bigint() - start);
    const closed = clients.map((client) => once(client.resume(), 'close'));
    for (const client of clients) client.destroy();
    await Promise.all(closed);
    return { wall };
  };
}
