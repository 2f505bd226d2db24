// Adopts sockets while setsockopt(2) fails now and then, by each way there is, until SO_PASSCRED is what fails. The
// descriptor must stay its owner's, also when the worker ends that could not adopt it. Prints whether it is open then.

import { once } from 'node:events';
import { closeSync, fstatSync } from 'node:fs';
import { isMainThread, parentPort, threadId, Worker, workerData } from 'node:worker_threads';
import {
  FileDescriptor,
  fromFd,
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import { Server, Socket } from 'afunix/net';
import * as raw from 'afunix/raw';

let made = 0;

/** An open descriptor of the type. No call fails here: what `raw` calls makes no use of setsockopt(2). */
function open(type, listens) {
  const fd = raw.socket(raw.AF_UNIX, type);
  if (!listens) return fd;
  raw.bind(fd, `\0afunix-adopt-${process.pid}-${threadId}-${made++}`);
  raw.listen(fd, 1);
  return fd;
}

const options = { credentials: true };
const adopters = {
  UnixStream: [raw.SOCK_STREAM, false, (fd) => UnixStream.fromFd(fd, options)],
  UnixListener: [raw.SOCK_STREAM, true, (fd) => UnixListener.fromFd(fd, options)],
  UnixSeqpacket: [raw.SOCK_SEQPACKET, false, (fd) => UnixSeqpacket.fromFd(fd, options)],
  UnixSeqpacketListener: [
    raw.SOCK_SEQPACKET,
    true,
    (fd) => UnixSeqpacketListener.fromFd(fd, options),
  ],
  UnixDatagram: [raw.SOCK_DGRAM, false, (fd) => UnixDatagram.fromFd(fd, options)],
  fromFd: [raw.SOCK_STREAM, false, (fd) => fromFd(fd, options)],
  Socket: [raw.SOCK_STREAM, false, (fd) => new Socket({ fd, ...options })],
  Server: [raw.SOCK_STREAM, true, listening],
};

/** As node:net, it has an 'error' event where the others throw. */
async function listening(fd) {
  const server = new Server(options).listen({ fd });
  await once(server, 'listening').catch((error) => {
    throw error.cause;
  });
  return server;
}

/** Adopts until the option failed. Resolves with the number, which is open and the caller's. */
async function fail([type, listens, adopt], owned) {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const number = open(type, listens);
    const { ino } = fstatSync(number);
    const fd = owned ? new FileDescriptor(number) : number;
    let adopted;
    try {
      adopted = await adopt(fd);
    } catch (error) {
      if (fstatSync(number).ino !== ino) throw new Error('somebody else has the number');
      if (owned && fd.fd !== number) throw new Error('the FileDescriptor let go of it');
      if (error.message !== 'setsockopt ENOMEM (SO_PASSCRED)') {
        raw.close(owned ? fd.detach() : fd);
        continue;
      }
      if (!owned) return number;
      fd.close();
      try {
        fstatSync(number);
      } catch {
        return number;
      }
      throw new Error('the FileDescriptor did not close it');
    }
    if (owned && !fd.closed) throw new Error('owned twice');
    (adopted.destroy ?? adopted.close).call(adopted);
  }
  throw new Error('never failed');
}

if (isMainThread) {
  const failed = {};
  for (const [name, adopter] of Object.entries(adopters)) {
    await fail(adopter, true);
    // At the end of a worker what it owns is closed: not what it could not adopt.
    const worker = new Worker(new URL(import.meta.url), { workerData: name });
    // Both events may come without a microtask between them.
    const [[[number, inode]]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
    failed[name] = fstatSync(number).ino === inode;
    closeSync(number);
  }
  console.log(JSON.stringify(failed));
} else {
  const number = await fail(adopters[workerData], false);
  parentPort.postMessage([number, fstatSync(number).ino]);
}
