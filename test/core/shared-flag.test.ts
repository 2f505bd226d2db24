// O_NONBLOCK belongs to the open file: whoever shares it can clear it, and no call here may wait in the kernel for that.
// The calls are made in a process of their own, which goes on turning its loop, or hangs and is killed.
import { platform } from 'node:process';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { Scratch } from '../helpers/scratch.js';

const accepted = ['waits', 'accepted', 'waits'];
const received = ['waits', 'hello', 'waits', 'hello'];
const peeked = ['waits', 'hello hello', 'waits', 'hello hello'];
/** The queue had been filled, the send waited, and so many came after what filled it. */
const sent = (count: number): unknown[] => [true, 'waits', count];
const written = ['waits', 'written'];
const connected = [1, 'waits', 'connected'];

const scenarios: Record<string, Record<string, unknown>> = {
  accept: {
    'UnixListener accept': accepted,
    'UnixSeqpacketListener accept': accepted,
    'net.Server': [1, 1, 2, 3],
  },
  'receive and read': {
    'UnixDatagram receive': received,
    'UnixSeqpacket receive': received,
    'UnixDatagram peek': peeked,
    'UnixSeqpacket peek': peeked,
    'UnixDatagram onMessages': 8,
    'UnixSeqpacket onMessages': 8,
    'UnixStream read': received,
    'UnixStream read into a buffer': received,
    'UnixStream receive': received,
    'net.Socket data': 4 * 65_536,
    'net.Socket onread': 50 * 16,
  },
  send: {
    'UnixDatagram send': sent(1),
    'UnixDatagram send to': sent(1),
    'UnixDatagram send with fds': sent(1),
    'UnixDatagram sendMany': sent(3),
    'UnixDatagram sendMany to': sent(2),
    'UnixDatagram sendMany of more than there is room for': ['waits', 2000],
    'UnixSeqpacket send': sent(1),
    'UnixSeqpacket send with fds': sent(1),
    'dgram.Socket send': 'EAGAIN',
    'dgram.Socket send to': ['waits', null],
  },
  write: {
    'UnixStream write': written,
    'UnixStream write of a vector': written,
    'UnixStream write with fds': written,
    'net.Socket write': written,
    'net.Socket writev': written,
    'net.Socket writeWithFds': written,
  },
  connect: {
    'UnixStream connect': connected,
    'UnixSeqpacket connect': connected,
    'net.Socket connect': connected,
  },
};

test.skipIf(platform !== 'linux').each(Object.entries(scenarios))(
  'the loop goes on: %s',
  { timeout: 60_000 },
  async (_, seen) => {
    using scratch = new Scratch();
    const options = { timeout: 50_000, killSignal: 'SIGKILL' } as const;
    const args = [scratch.folder, ...Object.keys(seen)];
    await using child = Child.fixture('shared-flag.mjs', args, options);
    const lines = (await child.succeeds()).trimEnd().split('\n');
    expect(Object.fromEntries(lines.map((line) => JSON.parse(line)))).toEqual(seen);
  },
);
