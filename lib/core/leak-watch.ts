// Closes what was collected with a descriptor that nobody closed, and says so once.
import { bare } from '../native/bare.js';
import { native } from '../native/binding.js';
import { setTimeout } from './timers.js';

/** What owns a descriptor and may be forgotten. */
export interface Watched {
  /** -1 once closed or handed on. */
  readonly fd: number;
  /** @internal Registers it, by `register()`. */
  watch(): void;
}

/** Owners made at most this many milliseconds ago, or this many, are held rather than registered. */
const PAUSE = 50;
const MANY = 256;

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
 * Registers `owner` soon, if it is still open then: most are closed at once, and a registration costs
 * more than all the rest of a descriptor.
 */
export function watchSoon(owner: Watched): void {
  young.push(owner);
  if (young.length >= MANY) sweep();
  else if (timer === undefined) timer = setTimeout(onTime, PAUSE).unref();
}

function onTime(): void {
  timer = undefined;
  sweep();
}

function sweep(): void {
  const owners = young;
  young = [];
  for (const owner of owners) if (owner.fd >= 0) owner.watch();
}

/** Closes `fd` when `owner` is collected. `origin` says where it came from. */
export function register(owner: Watched, fd: number, origin: string): void {
  collected.register(owner, { fd, origin }, owner);
}

export function unregister(owner: Watched): void {
  collected.unregister(owner);
}
