// Memory that processes share: FileDescriptor.memory(), seals and map().
import { ftruncateSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { FileDescriptor, UnixStream } from 'afunix';
import { close } from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { checkDescriptors } from '../helpers/descriptors.js';
import { describeWith, fromRoot, programPath } from '../helpers/programs.js';
import { onLinux } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

const code = (name: string): unknown => expect.objectContaining({ code: name });

describe.runIf(onLinux)('memory', () => {
  test('is zeros, of a fixed size', () => {
    using fd = FileDescriptor.memory(10_000, 'shared');
    expect(fd.seals).toEqual(['shrink', 'grow']);
    const contents = Buffer.alloc(20_000, 1);
    expect(readSync(fd.fd, contents, 0, 20_000, 0)).toBe(10_000);
    expect(contents.subarray(0, 10_000).equals(Buffer.alloc(10_000))).toBe(true);
    for (const size of [0, 20_000]) {
      expect(() => ftruncateSync(fd.fd, size)).toThrow(code('EPERM'));
    }
  });

  test('is mapped by all who have it', async () => {
    const [near, far] = UnixStream.pair({ maxFds: 1 });
    using fd = FileDescriptor.memory(10_000);
    await near.write('x', { fds: [fd] });
    const { fds: [received] = [] } = (await far.receive()) ?? {};
    using own = fd.map({ writable: true });
    using other = (received as FileDescriptor).map({ writable: true });
    received?.close();
    expect([own.writable, own.copied, own.buffer.byteLength]).toEqual([true, false, 10_000]);
    const [one, two] = [new Uint8Array(own.buffer), new Uint8Array(other.buffer)];
    one[9_999] = 42;
    expect(two[9_999]).toBe(42);
    writeSync(fd.fd, Buffer.from([7]), 0, 1, 0);
    expect([one[0], two[0]]).toEqual([7, 7]);
    await near.close();
    await far.close();
  });

  test('that is not mapped to write keeps what is written here', () => {
    using fd = FileDescriptor.sealed('contents');
    expect(fd.seals).toEqual(expect.arrayContaining(['seal', 'shrink', 'grow', 'write']));
    using map = fd.map();
    const bytes = Buffer.from(map.buffer);
    expect(bytes.toString()).toBe('contents');
    bytes.write('C');
    expect(bytes.toString()).toBe('Contents');
    using again = fd.map({ writable: false });
    expect(Buffer.from(again.buffer).toString()).toBe('contents');
    expect(() => fd.map({ writable: true })).toThrow(code('EPERM'));
  });

  test('that is open to read only is not mapped to write', () => {
    using fd = FileDescriptor.memory(10);
    using reading = new FileDescriptor(openSync(`/proc/self/fd/${fd.fd}`, 'r'));
    expect(() => reading.map({ writable: true })).toThrow(code('EACCES'));
    using map = reading.map();
    expect(map.buffer.byteLength).toBe(10);
  });

  test('an empty file maps to nothing', () => {
    using fd = FileDescriptor.sealed('');
    using map = fd.map();
    expect([map.buffer.byteLength, map.copied]).toEqual([0, false]);
  });

  test('of a file that could become shorter is refused', () => {
    using scratch = new Scratch();
    writeFileSync(scratch.path('file'), 'x');
    const refused = expect.objectContaining({
      code: 'ERR_INVALID_ARG_VALUE',
      message: expect.stringContaining("the seal 'shrink'"),
    });
    for (const path of [scratch.path('file'), '/dev/zero', '/']) {
      using fd = new FileDescriptor(openSync(path, 'r'));
      expect(() => fd.map()).toThrow(refused);
    }
    const [one, other] = UnixStream.pair();
    using socket = one.detach();
    expect([socket.seals, () => socket.map()]).toEqual([null, expect.any(Function)]);
    expect(() => socket.map()).toThrow(refused);
    other.close();
  });

  test('wrong arguments, and a closed one', () => {
    for (const size of [0, -1, 1.5, 2 ** 60]) {
      expect(() => FileDescriptor.memory(size)).toThrow(code('ERR_OUT_OF_RANGE'));
    }
    expect(() => FileDescriptor.memory(1, 'n'.repeat(250))).toThrow(code('EINVAL'));
    const fd = FileDescriptor.memory(1);
    expect(() => fd.map({ writable: 1 } as never)).toThrow(code('ERR_INVALID_ARG_TYPE'));
    expect(() => fd.map({ shared: true } as never)).toThrow('not an option of map');
    const map = fd.map();
    close(fd.detach());
    expect(map.buffer.byteLength).toBe(1);
    map.close();
    for (const call of [() => fd.map(), () => fd.seals]) {
      expect(call).toThrow(code('ERR_SOCKET_CLOSED'));
    }
  });

  test('cannot be transferred away from its views', () => {
    using fd = FileDescriptor.memory(10);
    using map = fd.map();
    let clone: ArrayBuffer | undefined;
    try {
      clone = structuredClone(map.buffer, { transfer: [map.buffer] });
    } catch {
      // Node.js 20 makes a copy, newer ones refuse.
    }
    new Uint8Array(map.buffer)[0] = 1;
    expect(new Uint8Array(clone ?? new ArrayBuffer(1))[0]).toBe(0);
    expect(map.buffer.byteLength).toBe(10);
  });

  test('is unmapped when nobody refers to it, when it is closed, and with its worker', async () => {
    await using child = new Child(process.execPath, [
      '--expose-gc',
      fromRoot('test/fixtures/mapped.mjs'),
    ]);
    expect(JSON.parse(await child.succeeds())).toEqual({
      collected: 1,
      all: 0,
      view: [0, null, 0, true],
      closed: 0,
      inWorker: 2,
      terminated: 0,
    });
  });

  describeWith('python3', programPath('python3'), (python) => {
    test('is shared with another process, which cannot take it away', async () => {
      using fd = FileDescriptor.memory(20_000);
      using map = fd.map({ writable: true });
      const bytes = new Uint8Array(map.buffer);
      const stdio = ['pipe', 'pipe', 'pipe', fd.fd] as const;
      await using child = new Child(python, [fromRoot('test/peers/shared-memory.py')], {
        stdio: [...stdio],
      });
      await child.says('mapped\n');
      const ask = async (line: string): Promise<string> => {
        child.stdout = '';
        child.process.stdin?.write(`${line}\n`);
        await child.says('\n');
        return child.stdout.trim();
      };
      bytes[19_999] = 5;
      expect(await ask('read 19999')).toBe('5');
      await ask('write 10000 6');
      expect(bytes[10_000]).toBe(6);
      expect(await ask('shrink')).toBe('Operation not permitted');
      expect(await ask('punch')).toBe('done');
      expect([bytes[10_000], bytes[19_999]]).toEqual([0, 0]);
      child.process.stdin?.end();
      await child.succeeds();
    });
  });
});

test.runIf(!onLinux)('there is none', () => {
  expect(() => FileDescriptor.memory(1)).toThrow(code('ERR_FEATURE_UNAVAILABLE_ON_PLATFORM'));
});
