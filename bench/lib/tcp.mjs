import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * A round of `count` TCP connections, one after the other: each is accepted here and given to `send`,
 * and is done when the process it was sent to has answered on it.
 */
export async function connections(send, count) {
  const listening = createServer({ pauseOnConnect: true }, send);
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address();
  return async () => {
    for (let left = count; left > 0; left--) {
      const socket = connect(port, '127.0.0.1').resume();
      await once(socket, 'close');
    }
  };
}
