// The command `probe`.
import { setTimeout as delay } from 'node:timers/promises';
import type { Request } from '../commands.js';
import { within } from '../context.js';
import { print, printJson } from '../output.js';
import { probe, type State } from '../probe.js';
import { WAIT_INTERVAL } from '../sockets.js';

const codes: Readonly<Record<State, number>> = {
  alive: 0,
  dead: 1,
  'not listening': 1,
  'no right': 4,
  nothing: 5,
  'no socket': 6,
};
const ANOTHER_TYPE = 3;

/** Says whether somebody uses an address. Resolves with the exit code. */
export async function run(request: Request): Promise<number> {
  const { words, options } = request;
  const [address = ''] = words;
  let found = probe(address);
  await within(request, async () => {
    while (options.wait && found.state !== 'alive') {
      await delay(WAIT_INTERVAL);
      found = probe(address);
    }
  });
  const { state, type } = found;
  const other = state === 'alive' && options.type !== undefined && type !== options.type;
  const word = other ? 'another type' : state;
  if (options.json) await printJson({ address, state: word, type });
  else if (!options.quiet) await print(`${word}${type === undefined ? '' : `: ${type}`}\n`);
  return other ? ANOTHER_TYPE : codes[state];
}
