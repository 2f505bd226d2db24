// The text of --help.
import { type Command, commands } from './commands.js';
import { options, type Values } from './options.js';
import type { Option } from './values.js';

const WIDTH = 80;

/** Paragraphs that the help and the man page share. */
export const notes: readonly string[] = [
  'An ADDRESS is a path, or @NAME, an abstract one (Linux).',
  'Exit code: 0, 1 when something failed, 2 for wrong arguments.',
];

/** Returns the help of a command, or of all. */
export function help(command?: Command): string {
  return command === undefined ? helpOfAll() : helpOf(command);
}

function helpOfAll(): string {
  return [
    'Usage: afunix COMMAND [OPTIONS] [ARGUMENTS]\n',
    table(commands.map(({ name, synopsis, summary }) => [`${name} ${synopsis}`.trim(), summary])),
    'afunix COMMAND --help tells more of a command, and `man afunix` of all.\n',
    ...notes.map((note) => `${wrap(note, 0)}\n`),
  ].join('\n');
}

function helpOf(command: Command): string {
  const { name, synopsis, summary, details } = command;
  return [
    `${wrap(`Usage: afunix ${name} [OPTIONS] ${synopsis}`.trim(), 0)}\n`,
    ...[summary, details].filter(Boolean).map((text) => `${wrap(sentence(text as string), 0)}\n`),
    table(optionsOf(command).map(([option, row]) => [optionLabel(option, row), row.help])),
    `${wrap(notes[1] as string, 0)}\n`,
  ].join('\n');
}

/** Returns the options of a command, with those that each has. */
export function optionsOf(command: Command): [keyof Values, Option<unknown>][] {
  const all = Object.entries(options) as [keyof Values, Option<unknown>][];
  return all.filter(
    ([name]) => command.options.includes(name) || name === 'help' || name === 'version',
  );
}

/** Returns a sentence with its full stop. */
export function sentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}

/** Returns `-t, --type TYPE`. */
export function optionLabel(name: string, { short, value }: Option<unknown>): string {
  return `${short === undefined ? '   ' : `-${short},`} --${name}${value === undefined ? '' : ` ${value}`}`;
}

function table(rows: readonly (readonly [string, string])[]): string {
  const indent = Math.min(24, 4 + Math.max(...rows.map(([label]) => label.length)));
  return rows
    .map(([label, text]) => {
      const wrapped = wrap(text, indent);
      if (label.length + 4 > indent) return `  ${label}\n${' '.repeat(indent)}${wrapped}\n`;
      return `  ${label.padEnd(indent - 2)}${wrapped}\n`;
    })
    .join('');
}

/** Breaks a text into lines. All but the first are indented. */
function wrap(text: string, indent: number): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) as string;
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}
