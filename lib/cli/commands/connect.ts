// The command `connect`.
import type { Request } from '../commands.js';
import { openAll, within } from '../context.js';
import { converse } from '../conversation.js';

/** Talks to who listens at an address. */
export function run(request: Request): Promise<void> {
  return within(request, async (context) => {
    const files = await openAll(request.options.fd);
    await converse(context, await context.connected(), files);
  });
}
