// What the command prints when it fails.
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

/** Returns one line that says what failed and what to do; undefined if stdout was closed, which is no failure. */
export function explain(error: unknown): string | undefined {
  if (error instanceof OutputClosed) return undefined;
  if (error instanceof UsageError) return `${error.message}; \`afunix --help\` tells more`;
  const { message, code, path } = error as NodeJS.ErrnoException;
  const first = message.split('\n').join(' ');
  // Only errors of file system calls have a path: the file to pass. The advice is about sockets.
  if (path !== undefined) return first;
  const hint = code === undefined ? undefined : advice[code];
  return hint === undefined ? first : `${first}: ${hint}`;
}
