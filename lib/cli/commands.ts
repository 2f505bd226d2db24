// The commands. Parsing, --help, the man page and the completions come from this table. The code of a
// command is the function `run` of commands/NAME.ts, which is loaded when it runs.
import type { Values } from './options.js';

/** A command of the table. */
export interface Command {
  readonly name: string;
  /** Its arguments: `ADDRESS [DATA]`. `[X]` may be absent; `X...` takes all that follow. */
  readonly synopsis: string;
  /** A sentence for people, in the list of commands. */
  readonly summary: string;
  /** More sentences, in its own help. */
  readonly details?: string;
  readonly options: readonly (keyof Values)[];
}

/** The command and its arguments, checked. */
export interface Request {
  readonly command: Command;
  /** The words of its synopsis. */
  readonly words: readonly string[];
  readonly options: Values;
}

const common: readonly (keyof Values)[] = ['type', 'hex', 'timeout', 'json', 'quiet'];
const binding: readonly (keyof Values)[] = ['mode', 'owner', 'group', 'replace', 'retry'];
const connecting: readonly (keyof Values)[] = ['wait', 'retry'];
const receiving: readonly (keyof Values)[] = ['framing', 'save', 'exec'];

const messages =
  'With dgram and seqpacket, each line of stdin is a message, and each message that comes is printed as a ' +
  'line, unless --framing says otherwise.';

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [
  {
    name: 'listen',
    synopsis: 'ADDRESS',
    summary: 'Waits for a peer and talks to it: stdin goes to it, and its bytes to stdout',
    details:
      `${messages} A datagram socket answers whoever sent last. With --keep, many peers may be ` +
      'connected at a time: stdin goes to all of them, and on a stream --framing line prints whole lines.',
    options: [...common, 'fd', 'keep', ...receiving, ...binding],
  },
  {
    name: 'connect',
    synopsis: 'ADDRESS',
    summary: 'Talks to who listens there, in the same way',
    details: `${messages} A datagram socket has an address of its own, so that it is answered.`,
    options: [...common, 'fd', ...receiving, ...connecting],
  },
  {
    name: 'send',
    synopsis: 'ADDRESS [DATA]',
    summary: 'Sends DATA, or stdin as it comes',
    details:
      'The bytes are sent as they are. With dgram and seqpacket all of stdin is one message, unless ' +
      '--framing says otherwise.',
    options: [...common, 'fd', 'framing', ...connecting],
  },
  {
    name: 'receive',
    synopsis: 'ADDRESS',
    summary: 'Prints one message, or all that one connection brings',
    details: 'The bytes are printed as they are, unless --framing says otherwise.',
    options: [...common, 'keep', ...receiving, ...binding],
  },
  {
    name: 'relay',
    synopsis: 'LISTEN CONNECT',
    summary: 'Passes on to CONNECT what comes at LISTEN, and back, for many clients',
    details:
      'Descriptors are passed on, ends of one direction are kept, and so are the borders of messages. Each ' +
      "message has its sender's credentials if this process may send them: that takes root. A client's " +
      'messages of type dgram go out from an address of its own, so that it is answered.',
    options: ['type', 'log', 'timeout', 'json', 'quiet', ...binding, ...connecting.slice(0, 1)],
  },
  {
    name: 'exec',
    synopsis: 'ADDRESS PROGRAM [ARG...]',
    summary: 'Runs a program for each connection, which is its stdin and stdout',
    details:
      'AFUNIX_ADDRESS, AFUNIX_PEER_PID, AFUNIX_PEER_UID and AFUNIX_PEER_GID tell it of the connection. With ' +
      'dgram it runs for one datagram after the other, which is its stdin, and the sender, whose address is ' +
      'AFUNIX_PEER_ADDRESS, gets what it prints.',
    options: ['type', 'fds', 'json', 'quiet', ...binding],
  },
  {
    name: 'list',
    synopsis: '[TEXT]',
    summary: 'Lists all Unix sockets of this machine, with processes and queues (Linux)',
    details:
      'With TEXT, those that have it in their line. Of other users, only root sees the processes.',
    options: ['json'],
  },
  {
    name: 'who',
    synopsis: 'ADDRESS',
    summary: 'Prints which processes listen there (Linux)',
    details: 'The exit code is 1 if nobody does.',
    options: ['json', 'quiet'],
  },
  {
    name: 'probe',
    synopsis: 'ADDRESS',
    summary: 'Says whether somebody listens there',
    details:
      'Exit code: 0 alive, 1 dead or not listening, 3 another type than --type, 4 no right to connect, 5 nothing ' +
      'there, 6 no socket. A listener sees a connection that is closed at once.',
    options: ['type', 'wait', 'timeout', 'json', 'quiet'],
  },
  {
    name: 'clean',
    synopsis: 'FILE...',
    summary: 'Removes sockets that nobody uses: paths, or all in a folder',
    details: 'The exit code is 1 if a path was named and left.',
    options: ['json', 'quiet'],
  },
  {
    name: 'activate',
    synopsis: 'PROGRAM [ARG...]',
    summary: 'Listens, and runs a program with the sockets when somebody comes, as systemd does',
    details:
      'The program gets LISTEN_FDS, LISTEN_FDNAMES and LISTEN_PID, see sd_listen_fds(3), and its exit code ' +
      "is the command's.",
    options: ['listen', 'type', 'now', 'json', 'quiet', ...binding],
  },
  {
    name: 'notify',
    synopsis: 'NAME=VALUE...',
    summary: 'Tells the service manager, such as READY=1, see sd_notify(3)',
    details: 'It waits up to 5 seconds, or --timeout, until the manager has read the message.',
    options: ['fd', 'no-block', 'timeout', 'json'],
  },
  {
    name: 'http',
    synopsis: 'ADDRESS METHOD PATH [DATA]',
    summary: 'Sends a request of HTTP, and prints the body of the answer',
    details: 'DATA is the body; - is stdin. The exit code is 1 for a status of 400 or more.',
    options: ['header', 'include', 'hex', 'timeout', 'json', 'quiet', ...connecting],
  },
  {
    name: 'info',
    synopsis: '',
    summary: 'Describes this package, this system and its kernel',
    options: ['json'],
  },
  {
    name: 'completion',
    synopsis: 'SHELL',
    summary: 'Prints the completions for bash, zsh or fish',
    details:
      'For bash, put this into ~/.bashrc: source <(afunix completion bash). For zsh, into ~/.zshrc after ' +
      'compinit: source <(afunix completion zsh). For fish, into ~/.config/fish/config.fish: ' +
      'afunix completion fish | source.',
    options: [],
  },
];
