// Kinds of options: what their values are, and how they are read.

/** The error for arguments that make no sense. */
export class UsageError extends Error {}

/** One option. */
export interface Option<T> {
  readonly short?: string;
  /** The name of the value in the help. Absent for a flag. */
  readonly value?: string;
  /** One sentence for people, without its full stop. */
  readonly help: string;
  /** The values that there are, or which kind of name the value is: a shell completes it. */
  readonly completes?: readonly string[] | 'file' | 'folder' | 'program';
  /** Returns the value of all the texts that were typed for the option, which are none if it is absent. */
  readonly read: (texts: readonly string[]) => T;
}

/** A file to pass: one to open, or a descriptor of this process. */
export type FileToPass =
  | { readonly file: string; readonly access: string }
  | { readonly fd: number };

/** An address, and what a program knows it by. */
export interface Named {
  readonly name: string;
  readonly address: string;
}

/** Reads `NAME=ADDRESS`. The name that systemd gives to those without is `unknown`. */
export function namedOf(text: string): Named {
  const [, name = 'unknown', address = text] = /^([^/@=:]+)=(.+)$/s.exec(text) ?? [];
  return { name, address };
}

type More<T> = Pick<Option<T>, 'short' | 'completes'>;
const withShort = (short: string | undefined): { short?: string } =>
  short === undefined ? {} : { short };

/** Returns an option without a value. */
export function flag(help: string, short?: string): Option<boolean> {
  return { ...withShort(short), help, read: (texts) => texts.length > 0 };
}

/** Returns an option with one value; the last one counts. `read` throws a UsageError. */
export function one<T>(
  value: string,
  help: string,
  read: (text: string) => T,
  more: More<T> = {},
): Option<T | undefined> {
  const last = (texts: readonly string[]): T | undefined =>
    texts.length === 0 ? undefined : read(texts.at(-1) as string);
  return { ...more, value, help, read: last };
}

/** Returns an option with any number of values. */
export function many<T>(
  value: string,
  help: string,
  read: (text: string) => T,
  more: More<T> = {},
): Option<readonly T[]> {
  return { ...more, value, help, read: (texts) => texts.map(read) };
}

/** Returns an option whose value is one of some words. */
export function choice<T extends string>(
  name: string,
  value: string,
  help: string,
  words: readonly T[],
  short?: string,
): Option<T | undefined> {
  const read = (text: string): T => {
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    const all = `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
    throw new UsageError(`--${name} is ${all}, not ${text}`);
  };
  return one(value, help, read, { completes: words, ...withShort(short) });
}

/** Returns the option for files to pass. */
export function files(help: string, short: string): Option<readonly FileToPass[]> {
  const read = (text: string): FileToPass => {
    if (/^\d+$/.test(text)) return { fd: Number(text) };
    const [, file = text, access = 'r'] = /^(.+):(r|w|rw|a)$/s.exec(text) ?? [];
    return { file, access };
  };
  return many('FILE', help, read, { short, completes: 'file' });
}

/** Returns an option for the mode of a path. */
export function mode(help: string, short: string): Option<number | undefined> {
  const read = (text: string): number => {
    if (/^0?[0-7]{1,3}$/.test(text)) return Number.parseInt(text, 8);
    throw new UsageError(`--mode is up to three octal digits, such as 600, not ${text}`);
  };
  return one('MODE', help, read, { short });
}

/** Returns an option for a whole number. */
export function whole(name: string, value: string, help: string): Option<number | undefined> {
  return one(value, help, (text) => {
    if (/^\d{1,9}$/.test(text)) return Number(text);
    throw new UsageError(`--${name} is a whole number, not ${text}`);
  });
}

/** Returns an option for a time: seconds as typed, milliseconds as read. */
export function seconds(name: string, value: string, help: string): Option<number | undefined> {
  return one(value, help, (text) => {
    if (/^\d{1,6}(\.\d+)?$/.test(text) && Number(text) > 0) return Number(text) * 1000;
    throw new UsageError(`--${name} is a number of seconds, such as 2.5, not ${text}`);
  });
}

/** Returns an option for the name of a folder. */
export function folder(value: string, help: string): Option<string | undefined> {
  return one(value, help, (text) => text, { completes: 'folder' });
}

/** Returns an option for a command line. */
export function program(value: string, help: string): Option<string | undefined> {
  return one(value, help, (text) => text, { completes: 'program' });
}
