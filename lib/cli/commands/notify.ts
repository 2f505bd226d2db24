// The command `notify`.
import { UnixDatagram } from '../../index.js';
import { barrier } from '../../systemd.js';
import type { Request } from '../commands.js';
import { openAll, within } from '../context.js';
import { addressOf } from '../sockets.js';
import { UsageError } from '../values.js';

/** Milliseconds for the manager to read the message. */
const PATIENCE = 5000;

/** Sends assignments to the service manager. */
export function run(request: Request): Promise<void> {
  const { words, options } = request;
  const wrong = words.find((word) => !/^[A-Z_][A-Z0-9_]*=[^\n]*$/.test(word));
  if (wrong !== undefined) throw new UsageError(`an assignment is NAME=VALUE, not ${wrong}`);
  return within(request, async () => {
    const manager = process.env.NOTIFY_SOCKET;
    if (!manager) throw new Error('there is no service manager: NOTIFY_SOCKET is not set');
    const fds = await openAll(options.fd);
    const socket = UnixDatagram.unbound();
    try {
      await socket.send(words.join('\n'), { to: addressOf(manager), fds });
    } finally {
      await socket.close();
    }
    // The manager finds the service by the process that sent, which must be there until then.
    if (!options['no-block']) {
      await barrier({ signal: AbortSignal.timeout(options.timeout ?? PATIENCE) });
    }
  });
}
