// The command `send`.
import type { Request } from '../commands.js';
import { openAll, within } from '../context.js';
import { bytesOf, Input } from '../input.js';

/** Sends DATA, or stdin as it comes. */
export function run(request: Request): Promise<void> {
  const { options, words } = request;
  return within(request, async (context) => {
    let fds = await openAll(options.fd);
    const data = words[1];
    const bytes = data === undefined ? undefined : bytesOf(data, options.hex);
    const talk = await context.connected();
    if (bytes !== undefined) return talk.send(bytes, { fds });
    const input = new Input(options.hex);
    const { framing = 'none' } = options;
    for await (const part of talk.messages ? input.messages(framing, talk.max) : input.parts()) {
      await talk.send(part, { fds });
      context.activity.note();
      fds = [];
    }
    if (fds.length > 0) await talk.send(new Uint8Array(0), { fds });
  });
}
