// syslog over /dev/log (RFC 3164): a program that logs, and a daemon that knows who really did.
//
//   npx tsx examples/syslog.ts                     a daemon, and messages to it from a client
//   npx tsx examples/syslog.ts daemon PATH         a daemon; try: logger --socket PATH hello
//   npx tsx examples/syslog.ts client PATH TEXT    one message; PATH is /dev/log on most systems
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Datagram, UnixDatagram } from 'afunix';

const severities = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;
const facilities = { kern: 0, user: 1, mail: 2, daemon: 3, auth: 4, local0: 16 } as const;

/** Logs as syslog(3) does: in order, and waiting for a daemon that is busy or starts again. */
class Syslog implements AsyncDisposable {
  readonly #socket = UnixDatagram.unbound({ reconnect: true });
  readonly #tag: string;
  readonly #facility: number;

  constructor(path: string, tag: string, facility: keyof typeof facilities = 'user') {
    this.#socket.connect(path);
    this.#tag = `${tag}[${process.pid}]`;
    this.#facility = facilities[facility];
  }

  log(severity: (typeof severities)[number], text: string): Promise<void> {
    const priority = this.#facility * 8 + severities.indexOf(severity);
    return this.#socket.send(`<${priority}>${timestamp(new Date())} ${this.#tag}: ${text}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#socket.close();
  }
}

/** `Nov  2 09:05:00`, in local time. */
function timestamp(date: Date): string {
  const month = date.toLocaleString('en-US', { month: 'short' });
  const time = date.toLocaleTimeString('en-GB', { hour12: false });
  return `${month} ${String(date.getDate()).padStart(2)} ${time}`;
}

/** One line for people. Whatever the message says of its sender, the kernel knows the process. */
function lineOf({ data, credentials }: Datagram): string {
  const [, priority = '13', text] =
    /^(?:<(\d{1,3})>)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d )?(.*?)[\n\0]*$/s.exec(`${data}`) ??
    [];
  const facility = Object.entries(facilities).find(([, code]) => code === Number(priority) >> 3);
  const name = `${facility?.[0] ?? Number(priority) >> 3}.${severities[Number(priority) & 7]}`;
  return `${name} from process ${credentials?.pid}, user ${credentials?.uid}: ${text}`;
}

async function daemon(path: string): Promise<UnixDatagram> {
  const socket = await UnixDatagram.bind(path, {
    mode: 0o666,
    replace: 'stale',
    credentials: true,
    maxMessageSize: 8192,
  });
  console.log(`daemon at ${path}`);
  return socket;
}

async function demonstrate(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'afunix-syslog-'));
  try {
    await using socket = await daemon(join(folder, 'log'));
    await using syslog = new Syslog(join(folder, 'log'), 'demo', 'daemon');
    await syslog.log('info', 'the client is up');
    await syslog.log('warning', 'and is about to go');
    console.log(lineOf(await socket.receive()));
    console.log(lineOf(await socket.receive()));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [command, path = '/dev/log', ...words] = process.argv.slice(2);
if (command === 'daemon') {
  for await (const message of await daemon(path)) console.log(lineOf(message));
} else if (command === 'client') {
  await using syslog = new Syslog(path, 'example');
  await syslog.log('notice', words.join(' '));
} else {
  await demonstrate();
}
