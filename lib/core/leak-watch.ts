// Closes the descriptors of objects that were collected unclosed, and warns of the first; and warns of listeners, which
// close themselves.
import { bare } from '../native/bare.js';
import { native } from '../native/binding.js';
import { kWatch } from './symbols.js';
import { setTimeout } from './timers.js';

/** The owner of a descriptor, which the program may forget to close. */
export interface Watched {
  /** @internal Calls `register()`, unless the descriptor is closed or was handed on. */
  [kWatch](): void;
}

/** New owners are registered after this many milliseconds, or when there are this many of them. */
const REGISTER_AFTER = 50;
const MAX_UNREGISTERED = 256;

let leaked = false;
const collected = new FinalizationRegistry<{ fd: number; origin: string }>(({ fd, origin }) => {
  native.descriptors.close(fd);
  if (leaked) return;
  leaked = true;
  process.emitWarning(
    `Descriptor ${fd} (${origin}) was collected without close(); it is closed now, and so will any further one be, without a warning. Close descriptors, or declare them with \`using\`.`,
    bare({ type: 'Warning', code: 'AFUNIX_FD_LEAK' }),
  );
});

let young: Watched[] = [];
let timer: NodeJS.Timeout | undefined;

/**
 * Registers `owner` soon, unless it is closed by then. Most are closed at once, and a registration costs more than all
 * the rest of a descriptor.
 */
export function watchSoon(owner: Watched): void {
  young.push(owner);
  if (young.length >= MAX_UNREGISTERED) sweep();
  else if (timer === undefined) timer = setTimeout(onTime, REGISTER_AFTER).unref();
}

function onTime(): void {
  timer = undefined;
  sweep();
}

function sweep(): void {
  const owners = young;
  young = [];
  for (const owner of owners) owner[kWatch]();
}

/** Closes `fd` when `owner` is collected. `origin` says where it came from. */
export function register(owner: Watched, fd: number, origin: string): void {
  collected.register(owner, { fd, origin }, owner);
}

export function unregister(owner: Watched): void {
  collected.unregister(owner);
}

const lostListeners = new FinalizationRegistry<string>((name) => {
  process.emitWarning(
    `${name} was collected without close(): it is closed now, and nobody can connect any more. Hold a listener, or await its accept(), for as long as it is to listen.`,
    bare({ type: 'Warning', code: 'AFUNIX_LISTENER_LEAK' }),
  );
});

/** Warns when `listener` is collected. `name` says which it is. */
export function watchListener(listener: object, name: string): void {
  lostListeners.register(listener, name, listener);
}

export function unwatchListener(listener: object): void {
  lostListeners.unregister(listener);
}
