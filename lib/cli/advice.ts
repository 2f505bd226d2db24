// What the command prints when it fails.
import { lstatSync } from 'node:fs';
import type { Request } from './commands.js';
import { OutputClosed } from './output.js';
import { UsageError } from './values.js';

type Hint =
  | string
  | ((error: NodeJS.ErrnoException & { address?: string }, request: Request) => string);

/** What to do after an error of a socket, by its code. */
const hints: Readonly<Record<string, Hint>> = {
  ENOENT: ({ syscall }, request) =>
    syscall === 'bind'
      ? 'there is no such folder; make it first'
      : `nobody has bound it; ${start(request)}`,
  ECONNREFUSED: ({ address = '' }, request) =>
    isNoSocket(address) ? 'the path is no socket' : `nobody listens there; ${start(request)}`,
  EADDRINUSE: ({ address = '' }, { options }) =>
    options.replace
      ? 'somebody uses it; choose another'
      : address.startsWith('@')
        ? 'it is taken; choose another'
        : 'it is taken; choose another, or `--replace` a path whose owner is dead',
  EPROTOTYPE: 'the socket there is of another type; try another `--type`',
  EACCES: 'you may not; look at the modes of the path and its folders',
  EPERM: 'the other side is connected to somebody else, or you may not',
  EPIPE: 'the other side has closed the connection',
  ECONNRESET: 'the other side closed the connection before it had read everything',
  EMSGSIZE: 'it is too long for one message; send it in parts, or use `--type stream`',
  ENOTSOCK: 'the path is no socket',
  EMFILE: 'too many open files; raise `ulimit -n`',
  ENOTDIR: 'a part of the path is no folder',
};

/** Returns one line that says what failed and what to do; undefined if stdout was closed, which is no failure. */
export function explain(error: unknown, request?: Request): string | undefined {
  if (error instanceof OutputClosed) return undefined;
  if (error instanceof UsageError) return `${error.message}; \`afunix --help\` tells more`;
  const { message, code, path } = error as NodeJS.ErrnoException;
  const first = message.split('\n').join(' ');
  // Only errors of file system calls have a path: the file to pass. The hints are about sockets.
  if (path !== undefined || request === undefined) return first;
  const hint = code !== undefined && Object.hasOwn(hints, code) ? hints[code] : undefined;
  if (hint === undefined) return first;
  return `${first}: ${typeof hint === 'string' ? hint : hint(error as NodeJS.ErrnoException, request)}`;
}

function start({ command, options }: Request): string {
  const waits = command.options.includes('wait') && !options.wait;
  return `start the other side first${waits ? ', or `--wait` for it' : ''}`;
}

function isNoSocket(path: string): boolean {
  try {
    return path.startsWith('/') && !lstatSync(path).isSocket();
  } catch {
    return false;
  }
}
