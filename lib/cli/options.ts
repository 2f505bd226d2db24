// The options of all commands: parsing, --help, the man page and the completions come from this table.
import {
  choice,
  type FileToPass,
  files,
  flag,
  folder,
  many,
  mode,
  type Named,
  namedOf,
  type Option,
  one,
  program,
  seconds,
  whole,
} from './values.js';

export const types = ['stream', 'dgram', 'seqpacket'] as const;
export const framings = ['none', 'line', 'length', 'nul'] as const;
export const logFormats = ['text', 'hex', 'json'] as const;

/** A socket's type, as `--type` names it. */
export type TypeName = (typeof types)[number];
/** How messages are separated on stdin and stdout, as `--framing` names it. */
export type Framing = (typeof framings)[number];

/** The values of the options. Undefined, false or empty for an option that is absent. */
export interface Values {
  readonly type: TypeName | undefined;
  readonly fd: readonly FileToPass[];
  readonly hex: boolean;
  readonly framing: Framing | undefined;
  readonly log: (typeof logFormats)[number] | undefined;
  readonly keep: boolean;
  readonly mode: number | undefined;
  readonly owner: string | undefined;
  readonly group: string | undefined;
  readonly replace: boolean;
  readonly wait: boolean;
  readonly retry: number | undefined;
  /** Milliseconds. */
  readonly timeout: number | undefined;
  readonly save: string | undefined;
  readonly exec: string | undefined;
  readonly fds: boolean;
  readonly listen: readonly Named[];
  readonly now: boolean;
  readonly 'no-block': boolean;
  readonly header: readonly string[];
  readonly include: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

/** Every option, in the order of the help. */
export const options: { readonly [Name in keyof Values]: Option<Values[Name]> } = {
  type: choice('type', 'TYPE', 'stream (the default), dgram or seqpacket', types, 't'),
  fd: files(
    'Passes FILE with the first bytes: FILE:r to read it (the default), :w to write it anew, :rw, or ' +
      ':a to append; a number is a descriptor that the command was started with; may be repeated',
    'f',
  ),
  hex: flag("Bytes are hex digits: on stdout, in DATA, in stdin's lines", 'x'),
  framing: choice(
    'framing',
    'FRAMING',
    'How messages are separated on stdin and stdout: none, line, length (4 bytes before each, big-endian) or nul',
    framings,
  ),
  log: choice(
    'log',
    'FORMAT',
    'Prints what goes by: text, hex or json (lines of JSON)',
    logFormats,
  ),
  keep: flag('Goes on with the next peers, until it is interrupted', 'k'),
  mode: mode("The path's mode, such as 600", 'm'),
  owner: one('USER', "The path's owner, by name or number", (text) => text),
  group: one('GROUP', "The path's group, by name or number", (text) => text),
  replace: flag('Takes the path if its last owner is dead', 'r'),
  wait: flag('Waits until somebody listens there', 'w'),
  retry: whole(
    'retry',
    'N',
    'Tries up to N times more, a second apart, if it cannot connect or bind',
  ),
  timeout: seconds('timeout', 'SECONDS', 'Fails when nothing has happened for so long'),
  save: folder('DIR', 'Saves the contents of files and pipes that were received in DIR'),
  exec: program(
    'COMMAND',
    'Runs COMMAND by the shell for each message that brings descriptors: they are its descriptors from ' +
      '3 on, AFUNIX_FDS says how many, and the message is its stdin',
  ),
  fds: flag(
    'Hands the descriptors of the first message to the program, from 3 on; AFUNIX_FDS says how many',
  ),
  listen: many('[NAME=]ADDRESS', 'Listens there for the program; may be repeated', namedOf, {
    short: 'l',
    completes: 'file',
  }),
  now: flag('Starts the program at once, not when somebody has come'),
  'no-block': flag('Does not wait until the manager has read the message'),
  header: many("'NAME: VALUE'", 'Sends a header; may be repeated', (text) => text, { short: 'H' }),
  include: flag("Prints the answer's status and headers, too", 'i'),
  json: flag(
    'Prints one line of JSON for each message or result, and for each note and error on stderr',
    'j',
  ),
  quiet: flag('Says nothing about peers and descriptors on stderr', 'q'),
  help: flag('Prints this help', 'h'),
  version: flag('Prints the version', 'v'),
};
