// The arguments of the command, parsed and checked by the tables of commands and of options.
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { type Command, commands, type Request } from './commands.js';
import { options, type Values } from './options.js';
import { type Option, UsageError } from './values.js';

/** Parses the arguments. Throws a UsageError. */
export function parse(args: readonly string[]): Request | { help?: Command; version?: true } {
  const { own, program } = splitOff(args);
  const { values, positionals } = split(own);
  const [name, ...words] = [...positionals, ...program];
  const command = commands.find((one) => one.name === name);
  if (values.help === true) return command === undefined ? {} : { help: command };
  if (values.version === true) return { version: true };
  if (name === undefined) throw new UsageError('which command?');
  if (command === undefined) throw new UsageError(`there is no command ${name}`);
  for (const option of Object.keys(values) as (keyof Values)[]) {
    if (!command.options.includes(option)) throw new UsageError(`${name} has no --${option}`);
  }
  checkWords(command, words);
  const read = Object.fromEntries(
    Object.entries<Option<unknown>>(options).map(([key, option]) => {
      const texts = values[key as keyof Values] ?? [];
      return [key, option.read(texts === true ? [''] : texts)];
    }),
  ) as unknown as Values;
  for (const option of ['mode', 'owner', 'group'] as const) {
    if (read[option] === undefined || !words[0]?.startsWith('@')) continue;
    throw new UsageError(`--${option} is for a path; an abstract address has none`);
  }
  return { command, words, options: read };
}

/** Whether --json is among the arguments, also if they are wrong. */
export function wantsJson(args: readonly string[]): boolean {
  const { values } = parseArgs({ args: [...splitOff(args).own], options: config, strict: false });
  return values.json === true;
}

/** The words of a synopsis: its names, whether each may be absent, and whether it takes all that follow. */
export function wordsOf({
  synopsis,
}: Command): { name: string; optional: boolean; rest: boolean }[] {
  return (synopsis.match(/\S+/g) ?? []).map((word) => ({
    name: word.replace(/[[\].]/g, ''),
    optional: word.startsWith('['),
    rest: word.includes('...'),
  }));
}

function checkWords(command: Command, words: readonly string[]): void {
  const expected = wordsOf(command);
  for (const [i, { name, optional }] of expected.entries()) {
    const word = words[i];
    const article = /^[AEIO]/.test(name) ? 'an' : 'a';
    if (word === undefined ? !optional : word === '' && isAddress(name)) {
      throw new UsageError(`${command.name} needs ${article} ${name.toLowerCase()}`);
    }
    if (word === '@' && isAddress(name)) {
      throw new UsageError('an abstract address is @ and a name');
    }
  }
  const extra = words[expected.length];
  if (extra !== undefined && !expected.at(-1)?.rest) {
    throw new UsageError(`${command.name} has no use for ${extra}`);
  }
}

/** Whether this word of a synopsis is the address of a socket. */
export function isAddress(name: string): boolean {
  return ['ADDRESS', 'LISTEN', 'CONNECT', 'FILE'].includes(name);
}

const config: NonNullable<ParseArgsConfig['options']> = Object.fromEntries(
  Object.entries<Option<unknown>>(options).map(([name, { short, value }]) => [
    name,
    {
      ...(value === undefined ? { type: 'boolean' } : { type: 'string', multiple: true }),
      ...(short === undefined ? {} : { short }),
    },
  ]),
);

/** The texts that were typed for each option; true for a flag. */
type Texts = { readonly [Name in keyof Values]?: true | readonly string[] };

function split(args: readonly string[]): { values: Texts; positionals: readonly string[] } {
  try {
    const parsed = parseArgs({ args: [...args], options: config, allowPositionals: true });
    return { values: parsed.values as Texts, positionals: parsed.positionals };
  } catch (error) {
    // "Unknown option '--foo'. To specify a positional argument ..."
    throw new UsageError((error as Error).message.replace(/\. .*/s, ''));
  }
}

/** Splits off the program that a command runs, so that the program's options are its own. */
function splitOff(args: readonly string[]): { own: readonly string[]; program: readonly string[] } {
  const { tokens } = parseArgs({ args: [...args], options: config, strict: false, tokens: true });
  const positionals = tokens.filter((token) => token.kind === 'positional');
  const command = commands.find(({ name }) => name === positionals[0]?.value);
  const at =
    command === undefined ? -1 : wordsOf(command).findIndex(({ name }) => name === 'PROGRAM');
  const index = at < 0 ? undefined : positionals[at + 1]?.index;
  if (index === undefined) return { own: args, program: [] };
  return { own: args.slice(0, index), program: args.slice(index) };
}
