// How the demo's two processes speak to the one that started them.
import { once } from 'node:events';

export type FromChild =
  | { title: string }
  | { step: string; fd: number | undefined; text: string }
  | { turn: string };
export type ToChild = 'printed' | { turn: string };

const turns = new Set<string>();
process.on('message', (message: ToChild) => {
  if (message !== 'printed') turns.add(message.turn);
});

async function tell(message: FromChild): Promise<void> {
  const printed = new Promise<void>((resolve) => {
    const listener = (answer: ToChild): void => {
      if (answer !== 'printed') return;
      process.off('message', listener);
      resolve();
    };
    process.on('message', listener);
  });
  process.send?.(message);
  await printed;
}

/** Prints a heading. */
export const title = (text: string): Promise<void> => tell({ title: text });

/** Prints a step, of the socket or file with this descriptor, when it has happened. */
export const report = (step: string, fd: number | undefined, text = ''): Promise<void> =>
  tell({ step, fd, text });

/** Tells the other process that its turn has come. */
export const giveTurn = (turn: string): Promise<void> => tell({ turn });

/** Waits for the other process to say so. */
export async function awaitTurn(turn: string): Promise<void> {
  while (!turns.has(turn)) await once(process, 'message');
}

/** Runs a process of the demo: an error, or the end of the one that started it, ends it with 1. */
export async function run(steps: readonly (() => Promise<void>)[]): Promise<void> {
  const abandoned = (): never => process.exit(1);
  process.once('disconnect', abandoned);
  try {
    for (const step of steps) await step();
    process.off('disconnect', abandoned);
    process.disconnect();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}

/** What was sent or received, as it is printed. */
export const quoted = (data: Uint8Array): string => JSON.stringify(Buffer.from(data).toString());
