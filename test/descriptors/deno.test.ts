// What Deno's own modules cannot do is a clear error, and the descriptor stays where it was.
import dgram from 'node:dgram';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { markAsUntransferable } from 'node:worker_threads';
import { type FdLike, FileDescriptor, UnixStream } from 'afunix';
import { describe, expect, test } from 'vitest';
import { openDescriptors } from '../helpers/descriptors.js';

const unavailable = expect.objectContaining({ code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' });

describe.runIf(process.versions.deno !== undefined)('on Deno', () => {
  test('streams of files', () => {
    using file = new FileDescriptor(openSync('/dev/null', 'r+'));
    expect(() => file.toReadStream()).toThrow(unavailable);
    expect(() => file.toWriteStream()).toThrow(unavailable);
    expect([file.closed, file.kind]).toEqual([false, 'character']);
    // Not opened once more with another access mode.
    using written = new FileDescriptor(openSync(import.meta.filename, 'a'));
    expect(() => written.toReadStream()).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });

  test('sockets and servers that do not show their descriptors', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    const web = http.createServer().listen(0, '127.0.0.1');
    await Promise.all([once(server, 'listening'), once(web, 'listening')]);
    const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(client, 'connect');
    const datagrams = dgram.createSocket('udp4').bind(0, '127.0.0.1');
    await once(datagrams, 'listening');

    const [one, other] = UnixStream.pair({ maxFds: 1 });
    for (const value of [server, web, client, datagrams] as FdLike[]) {
      await expect(one.write('x', { fds: [value] })).rejects.toThrow(unavailable);
    }
    await one.write('y');
    expect(String(await other.read())).toBe('y');

    client.destroy();
    for (const each of [server, web, datagrams]) {
      each.close();
      await once(each, 'close');
    }
    await Promise.all([one.close(), other.close()]);
  });

  test('fs forgets what a FileDescriptor owns, and nothing else', () => {
    const opened = openSync('/dev/null', 'r');
    const before = openDescriptors().size;
    const file = new FileDescriptor(opened);
    expect([openDescriptors().size, file.fd === opened]).toEqual([before, false]);
    expect(() => closeSync(opened)).toThrow(expect.objectContaining({ code: 'EBADF' }));
    file.close();

    const [one, other] = UnixStream.pair();
    const number = one.detach().detach();
    using same = new FileDescriptor(number);
    expect(same.fd).toBe(number);
    using far = other.detach();
    expect([same.kind, far.kind]).toEqual(['socket', 'socket']);
  });

  test('memory that cannot be taken back', () => {
    using file = FileDescriptor.memory(4096);
    const map = file.map({ writable: true });
    markAsUntransferable(map.buffer);
    expect(() => map.close()).toThrow(unavailable);
    expect([map.closed, map.buffer.byteLength]).toEqual([false, 4096]);
  });
});
