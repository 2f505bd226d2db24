// Both directions between a peer and the terminal.
import { setTimeout as delay } from 'node:timers/promises';
import type { FdLike } from '../index.js';
import type { Context, Print } from './context.js';
import { Input } from './input.js';
import { CHECK_INTERVAL, isGone, type Talk } from './talk.js';

/**
 * Sends stdin to the peer, and prints what the peer sends, until both have ended, or the peer is gone. The files
 * go with the first message.
 */
export async function converse(
  context: Context,
  talk: Talk,
  files: readonly FdLike[],
): Promise<void> {
  const input = new Input(context.options.hex);
  const print = context.printer('line');
  const incoming = printAll(context, talk, print).then(
    () => stopWhenGone(talk, input),
    (error) => {
      input.stop();
      throw error;
    },
  );
  const outgoing = sendAll(context, talk, input, files);
  // When the peer is gone both are awaited, so that all of its bytes are printed before the error.
  const errors = await Promise.all([errorOfGone(incoming), errorOfGone(outgoing)]);
  for (const error of errors) if (error !== undefined) throw error;
}

/** Resolves with the error of a peer that is gone. Rejects with any other. */
async function errorOfGone(direction: Promise<void>): Promise<unknown> {
  try {
    await direction;
    return undefined;
  } catch (error) {
    if (isGone(error)) return error;
    throw error;
  }
}

/** Sends stdin, and then ends. The files go with the first message. */
async function sendAll(
  { options, activity }: Context,
  talk: Talk,
  input: Input,
  files: readonly FdLike[],
): Promise<void> {
  let fds = files;
  const { framing = 'line' } = options;
  for await (const data of talk.messages ? input.messages(framing, talk.max) : input.parts()) {
    await talk.send(data, { fds });
    activity.note();
    fds = [];
  }
  if (fds.length > 0) await talk.send(new Uint8Array(0), { fds });
  talk.end();
}

/** Prints one message. Resolves with false at the end of the connection. */
export async function printNext(context: Context, talk: Talk, print: Print): Promise<boolean> {
  const message = await talk.receive();
  if (message === null) return false;
  const who = talk.sender(message);
  if (who.from !== undefined) context.notes.sender(who);
  await print(message, who, talk.messages);
  return true;
}

/** Prints messages until the peer ends. */
export async function printAll(...args: Parameters<typeof printNext>): Promise<void> {
  while (await printNext(...args));
}

/** Stops the input when the peer is gone. One that has only ended its own direction still gets all input. */
async function stopWhenGone(talk: Talk, input: Input): Promise<void> {
  while (!input.ended) {
    if (talk.gone) input.stop();
    await delay(CHECK_INTERVAL);
  }
}
