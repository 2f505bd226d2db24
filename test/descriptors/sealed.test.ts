// FileDescriptor.sealed(): a file in memory, the same for everybody, for ever.
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { FileDescriptor, UnixStream } from 'afunix';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { describeWith, programPath } from '../helpers/programs.js';
import { onLinux } from '../helpers/raw-sockets.js';

const path = (fd: FileDescriptor): string => `/proc/self/fd/${fd.fd}`;

describe.runIf(onLinux)('sealed', () => {
  test.each([
    ['a string', 'grüß Gott', 'grüß Gott'],
    ['bytes', Buffer.from([0x61, 0x62, 0x63]).subarray(1), 'bc'],
    ['other views', new Uint16Array([0x6161]), 'aa'],
    ['nothing', '', ''],
    ['much', 'x'.repeat(10_000_000), 'x'.repeat(10_000_000)],
  ])('holds %s', (_, data, contents) => {
    using fd = FileDescriptor.sealed(data);
    expect(fd.kind).toBe('file');
    expect(readFileSync(path(fd), 'utf8') === contents).toBe(true);
    expect(statSync(path(fd)).size).toBe(Buffer.byteLength(contents));
  });

  test('is read from its beginning, by who receives it', async () => {
    const [sender, receiver] = UnixStream.pair({ maxFds: 1 });
    using fd = FileDescriptor.sealed('good morning', 'greeting');
    await sender.write('x', { fds: [fd] });
    const { fds: [received] = [] } = (await receiver.receive()) ?? {};
    if (received === undefined) throw new Error('nothing came');
    expect(readlinkSync(path(received))).toBe('/memfd:greeting (deleted)');
    expect(await text(received.toReadStream())).toBe('good morning');
    await sender.close();
    await receiver.close();
  });

  test('wrong arguments', () => {
    expect(() => FileDescriptor.sealed(1 as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
    expect(() => FileDescriptor.sealed('', 1 as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
    expect(() => FileDescriptor.sealed('', 'a\0b')).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
    expect(() => FileDescriptor.sealed('', 'n'.repeat(250))).toThrow(
      expect.objectContaining({ code: 'EINVAL', syscall: 'memfd_create' }),
    );
  });

  describeWith('python3', programPath('python3'), (python: string) => {
    test('cannot be changed by another process', async () => {
      using fd = FileDescriptor.sealed('abc');
      const code = `
import fcntl, os
def fails(call):
    try: call()
    except OSError as error: return error.strerror
print(fcntl.fcntl(3, 1034), os.read(3, 9))
print(fails(lambda: os.write(3, b'x')), fails(lambda: os.ftruncate(3, 0)))
`;
      const stdio = ['ignore', 'pipe', 'pipe', fd.fd] as const;
      await using child = new Child(python, ['-c', code], { stdio: [...stdio] });
      const lines = (await child.succeeds()).split('\n');
      const seals = 1 | 2 | 4 | 8; // SEAL, SHRINK, GROW, WRITE
      expect(lines[0]).toMatch(new RegExp(`^(${seals}|${seals | 32}) b'abc'$`));
      expect(lines[1]).toBe('Operation not permitted Operation not permitted');
    });
  });
});
