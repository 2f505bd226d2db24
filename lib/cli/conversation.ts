// Both directions between a peer and the terminal.
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Input } from './input.js';
import type { Notes } from './notes.js';
import type { Output } from './output.js';
import type { Talk } from './talk.js';

/** Milliseconds between two checks whether a peer that has ended is gone. */
const CHECK_INTERVAL = 100;

/**
 * Sends stdin to the peer, and prints what the peer sends, until both have ended, or the peer is gone. The files
 * go with the first message.
 */
export async function converse(
  talk: Talk,
  files: readonly FileHandle[],
  input: Input,
  output: Output,
  notes: Notes,
): Promise<void> {
  const show = (data: Uint8Array): Promise<void> =>
    talk.messages ? output.line(data) : output.bytes(data);
  const incoming = printAll(talk, show, notes).then(
    () => stopWhenGone(talk, input),
    (error) => {
      input.stop();
      throw error;
    },
  );
  const outgoing = sendAll(talk, files, input);
  // Both are awaited, so that all of the peer's bytes are printed before an error.
  for (const result of await Promise.allSettled([incoming, outgoing])) {
    if (result.status === 'rejected') throw result.reason;
  }
}

async function sendAll(talk: Talk, files: readonly FileHandle[], input: Input): Promise<void> {
  let fds = files;
  for await (const data of talk.messages ? input.lines() : input.parts()) {
    await talk.send(data, fds);
    fds = [];
  }
  if (fds.length > 0) await talk.send(new Uint8Array(0), fds);
  talk.end();
}

/** Prints one message. Resolves with false at the end of the connection. */
export async function printNext(
  talk: Talk,
  print: (data: Uint8Array) => Promise<void>,
  notes: Notes,
): Promise<boolean> {
  const message = await talk.receive();
  if (message === null) return false;
  notes.descriptors(message);
  await print(message.data);
  return true;
}

/** Prints messages until the peer ends. */
export async function printAll(
  ...[talk, print, notes]: Parameters<typeof printNext>
): Promise<void> {
  while (await printNext(talk, print, notes));
}

/** Stops the input when the peer is gone. One that has only ended its own direction still gets all input. */
async function stopWhenGone(talk: Talk, input: Input): Promise<void> {
  while (!input.ended) {
    if (talk.gone) input.stop();
    await delay(CHECK_INTERVAL);
  }
}
