// journald's own protocol: entries of fields, which may hold anything. One that is too large for a
// datagram goes as a sealed file in memory (memfd). https://systemd.io/JOURNAL_NATIVE_PROTOCOL/
//
//   npx tsx examples/journald.ts                  a receiver, and three entries to it
//   npx tsx examples/journald.ts send PATH TEXT   an entry; PATH is /run/systemd/journal/socket. TEXT -
//                                                 is read from the standard input
//   npx tsx examples/journald.ts receive PATH     a receiver
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Datagram, FileDescriptor, UnixDatagram } from 'afunix';

/** Upper case, digits and underscores; MESSAGE and PRIORITY (0 to 7) are for people. */
type Fields = Record<string, string | Buffer>;

class Journal implements AsyncDisposable {
  readonly #socket = UnixDatagram.unbound({ reconnect: true }); // over a restart of the daemon

  constructor(path: string) {
    this.#socket.connect(path);
  }

  async send(fields: Fields): Promise<void> {
    const entry = serialized(fields);
    try {
      await this.#socket.send(entry);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EMSGSIZE' && code !== 'ENOBUFS') throw error;
      using file = FileDescriptor.sealed(entry); // journald wants to be sure that it stays the same
      await this.#socket.send('', { fds: [file] });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#socket.close();
  }
}

/** `NAME=value`, or with a line break in the value: the name, its length as 64 bits, and the value. */
function serialized(fields: Fields): Buffer {
  const parts = Object.entries(fields).flatMap(([name, value]) => {
    const bytes = Buffer.from(value as string);
    if (!bytes.includes('\n')) return [`${name}=`, bytes, '\n'];
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(bytes.length));
    return [`${name}\n`, length, bytes, '\n'];
  });
  return Buffer.concat(parts.map((part) => Buffer.from(part as string)));
}

async function fieldsOf({ data, fds: [file] }: Datagram): Promise<Fields> {
  if (file === undefined) return parsed(data);
  try {
    return parsed(await readFile(`/proc/self/fd/${file.fd}`)); // from its beginning
  } finally {
    file.close();
  }
}

function parsed(entry: Buffer): Fields {
  const fields: Fields = {};
  for (let at = 0; at < entry.length; ) {
    const line = entry.indexOf('\n', at);
    const equals = entry.subarray(at, line).indexOf('=');
    if (equals >= 0) {
      fields[entry.toString('latin1', at, at + equals)] = entry.subarray(at + equals + 1, line);
      at = line + 1;
    } else {
      const length = Number(entry.readBigUInt64LE(line + 1));
      fields[entry.toString('latin1', at, line)] = entry.subarray(line + 9, line + 9 + length);
      at = line + 9 + length + 1;
    }
  }
  return fields;
}

const receiver = (path: string): Promise<UnixDatagram> =>
  UnixDatagram.bind(path, { mode: 0o666, replace: 'stale', credentials: true, maxFds: 1 });

async function print(message: Datagram): Promise<void> {
  const how = message.fds.length > 0 ? 'as a file' : 'as a datagram';
  console.log(
    `from process ${message.credentials?.pid}, user ${message.credentials?.uid}, ${how}:`,
  );
  for (const [name, value] of Object.entries(await fieldsOf(message))) {
    const [start, bytes] = [`${value}`.slice(0, 40), value.length];
    console.log(
      `  ${name}=${bytes > 40 ? `${start}... (${bytes} bytes)` : start.replaceAll('\n', '\\n')}`,
    );
  }
}

async function demonstrate(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'afunix-journald-'));
  try {
    await using daemon = await receiver(join(folder, 'socket'));
    await using journal = new Journal(join(folder, 'socket'));
    const entries = [
      { MESSAGE: 'the program is up', PRIORITY: '6' },
      { MESSAGE: 'two\nlines', PRIORITY: '4', ATTEMPT: '2' },
      { MESSAGE: 'here is all of it', DUMP: 'x'.repeat(1_000_000) },
    ];
    for (const entry of entries) {
      await journal.send({ ...entry, SYSLOG_IDENTIFIER: 'example' });
      await print(await daemon.receive());
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [command, path = '/run/systemd/journal/socket', ...words] = process.argv.slice(2);
if (command === 'receive') {
  const daemon = await receiver(path);
  console.log(`receiver at ${path}`);
  for await (const message of daemon) await print(message);
} else if (command === 'send') {
  await using journal = new Journal(path);
  const message = words[0] === '-' ? await text(process.stdin) : words.join(' ');
  await journal.send({ MESSAGE: message, PRIORITY: '5', SYSLOG_IDENTIFIER: 'example' });
} else {
  await demonstrate();
}
