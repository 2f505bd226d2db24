// The arguments of the command, parsed and checked.
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** The error for arguments that make no sense. */
export class UsageError extends Error {}

const names = ['listen', 'connect', 'send', 'receive', 'info'] as const;
const types = ['stream', 'dgram', 'seqpacket'] as const;

/** A socket's type, as `--type` names it. */
export type TypeName = (typeof types)[number];

/** The command and its options. */
export interface Request {
  readonly command: (typeof names)[number];
  /** The address as it was typed: `@` for abstract. */
  readonly address: string;
  readonly data: string | undefined;
  readonly type: TypeName;
  /** Files to pass. */
  readonly files: readonly string[];
  readonly hex: boolean;
  readonly keep: boolean;
  readonly quiet: boolean;
  readonly mode: number | undefined;
  readonly replace: boolean;
}

const options = {
  type: { type: 'string', short: 't' },
  fd: { type: 'string', short: 'f', multiple: true },
  hex: { type: 'boolean', short: 'x' },
  keep: { type: 'boolean', short: 'k' },
  mode: { type: 'string', short: 'm' },
  replace: { type: 'boolean', short: 'r' },
  quiet: { type: 'boolean', short: 'q' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} satisfies ParseArgsConfig['options'];
type Option = keyof typeof options;

const common: readonly Option[] = ['type', 'hex', 'quiet'];
const allowed: Readonly<Record<Request['command'], readonly Option[]>> = {
  listen: [...common, 'fd', 'mode', 'replace'],
  connect: [...common, 'fd'],
  send: [...common, 'fd'],
  receive: [...common, 'keep', 'mode', 'replace'],
  info: [],
};

/** Parses the arguments. Throws a UsageError. */
export function parse(args: readonly string[]): Request | 'help' | 'version' {
  const { values, positionals } = split(args);
  if (values.help) return 'help';
  if (values.version) return 'version';
  const [command, address, data, ...rest] = positionals;
  if (command === undefined) throw new UsageError('which command?');
  if (!isOneOf(names, command)) throw new UsageError(`there is no command ${command}`);
  for (const option of Object.keys(values) as Option[]) {
    if (!allowed[command].includes(option)) throw new UsageError(`${command} has no --${option}`);
  }
  const most = command === 'info' ? 1 : command === 'send' ? 3 : 2;
  if (positionals.length > most) {
    throw new UsageError(`${command} has no use for ${[address, data, ...rest][most - 1]}`);
  }
  return {
    command,
    address: command === 'info' ? '' : addressOf(command, address),
    data,
    type: typeOf(values.type),
    files: values.fd ?? [],
    hex: values.hex ?? false,
    keep: values.keep ?? false,
    quiet: values.quiet ?? false,
    mode: modeOf(values.mode, address),
    replace: values.replace ?? false,
  };
}

function split(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    // "Unknown option '--foo'. To specify a positional argument ..."
    throw new UsageError((error as Error).message.replace(/\. .*/s, ''));
  }
}

function isOneOf<T extends string>(all: readonly T[], text: string): text is T {
  return (all as readonly string[]).includes(text);
}

function addressOf(command: string, address: string | undefined): string {
  if (address === undefined || address === '') throw new UsageError(`${command} needs an address`);
  if (address === '@') throw new UsageError('an abstract address is @ and a name');
  return address;
}

function typeOf(type = 'stream'): TypeName {
  if (isOneOf(types, type)) return type;
  throw new UsageError(`--type is stream, dgram or seqpacket, not ${type}`);
}

function modeOf(mode: string | undefined, address = ''): number | undefined {
  if (mode === undefined) return undefined;
  if (!/^0?[0-7]{1,3}$/.test(mode)) {
    throw new UsageError(`--mode is up to three octal digits, such as 600, not ${mode}`);
  }
  if (address.startsWith('@'))
    throw new UsageError('--mode is for a path; an abstract address has none');
  return Number.parseInt(mode, 8);
}
