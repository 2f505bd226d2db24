// The calls on descriptors: files in memory, files that are sent, processes. See calls.mjs.
import { closeSync, fstatSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FileDescriptor, PidFd, UnixStream } from 'afunix';
import { arrived, expected, files, folder, insist, using } from './model.mjs';

export const ofDescriptors = {
  async 'a sealed file'() {
    const text = Buffer.alloc(3000, 'sealed');
    for (let i = 0; i < 10; i++) {
      const fd = await insist(() => FileDescriptor.sealed(text));
      const got = Buffer.alloc(4000);
      arrived(got.subarray(0, readSync(fd.fd, got)), text);
      fd.close();
    }
  },

  async 'shared memory'() {
    for (let i = 0; i < 10; i++) {
      const memory = await insist(() => FileDescriptor.memory(5000));
      const { buffer } = await insist(() => memory.map({ writable: true }));
      new Uint8Array(buffer)[4999] = i;
      const again = await insist(() => memory.map());
      arrived(new Uint8Array(again.buffer)[4999], i);
      await insist(() => memory.seals);
      memory.close();
    }
  },

  async 'a file that is sent'() {
    const text = Buffer.alloc(70_000, 'of a file ');
    const path = join(folder, 'file');
    writeFileSync(path, text);
    const file = openSync(path, 'r');
    await using(
      () => UnixStream.pair(),
      async ([one, other]) => {
        const reading = insist(() => other.readExactly(text.length));
        for (let start = 0; start < text.length; ) {
          start += await insist(() => one.sendFile(file, { start, end: start + 9_999 }));
        }
        arrived(await reading, text);
      },
    );
    closeSync(file);
  },

  async 'a process by its number'() {
    for (let i = 0; i < 10; i++) {
      const self = await insist(() => PidFd.open(process.pid));
      await insist(() => self.signal(0));
      const copy = await insist(() => self.getFd(files[0]));
      arrived(fstatSync(copy.fd).ino, fstatSync(files[0]).ino);
      copy.close();
      self.close();
    }
  },

  /** This process lives: whatever the wait for its end comes to, it is not that. */
  async 'a process'() {
    const [one, other] = await insist(() => UnixStream.pair());
    for (let i = 0; i < 10; i++) {
      const pidfd = await insist(() => one.peerPidFd());
      const abort = new AbortController();
      const waiting = pidfd.waitExit({ signal: abort.signal });
      const [{ status, reason }] = await Promise.all([
        Promise.allSettled([waiting]).then(([settled]) => settled),
        sleep(1).then(() => abort.abort()),
      ]);
      arrived(status, 'rejected');
      if (reason?.code !== 'ABORT_ERR') expected(reason);
      pidfd.close();
    }
    await one.close();
    await other.close();
  },
};
