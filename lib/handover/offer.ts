// What a process offers to one successor, and whether that one becomes ready.
import { emitWarning } from 'node:process';
import { describeValue } from '../core/errors.js';
import { descriptorsOf, type FdLike } from '../core/fd-like.js';
import { bare } from '../native/bare.js';
import { isGone } from './channel.js';
import type { HandoverChannel, Settings } from './protocol.js';

/**
 * Offers descriptors to a successor, and waits until it is ready. Resolves with whether it takes connections. With undefined
 * if it may not take over, dies, or is not ready in time: then this process goes on.
 */
export async function offerTo(
  channel: HandoverChannel,
  { authorize, readyTimeout }: Settings,
  control: FdLike,
  offers: ReadonlyMap<string, FdLike>,
): Promise<boolean | undefined> {
  const signal = AbortSignal.timeout(readyTimeout);
  try {
    if ((await authorize(channel.peer)) !== true) {
      await channel.send({ type: 'refusal' });
      return undefined;
    }
    const open = [...offers].filter(([, descriptor]) => isOpen(descriptor));
    const names = open.map(([name]) => name);
    const fds = [control, ...open.map(([, descriptor]) => descriptor)];
    await channel.send({ type: 'offer', names }, fds, signal);
    const answer = await channel.receive(signal);
    return answer?.message.type === 'ready' ? answer.message.takesConnections : undefined;
  } catch (error) {
    if (signal.aborted)
      await channel.send({ type: 'expired' }).catch(() => {}); // it is gone
    else if (!isGone(error)) warn(error);
    // The successor would ask again, and again in vain.
    if (codeOf(error) === UNAVAILABLE) await channel.send({ type: 'refusal' }).catch(() => {});
    return undefined;
  }
}

const UNAVAILABLE = 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM';

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}

/** Whether it has a descriptor to send. */
function isOpen(descriptor: FdLike): boolean {
  try {
    descriptorsOf([descriptor]);
    return true;
  } catch (error) {
    if (codeOf(error) !== UNAVAILABLE) return false;
    throw error; // it is open, and this runtime does not show its descriptor
  }
}

/** Warns that no successor may be able to take over. */
export function warn(error: unknown): void {
  emitWarning(
    'the handover to a successor failed; this process goes on',
    bare({ type: 'Warning', code: 'AFUNIX_HANDOVER_FAILED', detail: describeValue(error) }),
  );
}
