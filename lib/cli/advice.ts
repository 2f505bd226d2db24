import { UsageError } from './arguments.js';
import { OutputClosed } from './output.js';

const advice: Readonly<Record<string, string>> = {
  ENOENT: 'nobody has bound it; start the other side first, or make its folder',
  ECONNREFUSED: 'nobody listens there; start the other side first',
  EADDRINUSE: 'it is taken; choose another, or `--replace` a path whose owner is dead',
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

/** One line that tells what failed and what to do; undefined if there is nothing to tell. */
export function explain(error: unknown): string | undefined {
  if (error instanceof OutputClosed) return undefined;
  if (error instanceof UsageError) return `${error.message}; \`afunix --help\` tells more`;
  const { message, code, path } = error as NodeJS.ErrnoException;
  const first = message.split('\n').join(' ');
  // Of a file system call, not of a socket's: the file to pass.
  if (path !== undefined) return first;
  const hint = code === undefined ? undefined : advice[code];
  return hint === undefined ? first : `${first}: ${hint}`;
}
