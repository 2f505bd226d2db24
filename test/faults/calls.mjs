// Everything that makes a system call, each again and again: it does what it should, or says why not, and leaves
// nothing open.
import { once } from 'node:events';
import { existsSync, fstatSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import { createConnection, createServer } from 'afunix/net';
import * as raw from 'afunix/raw';
import { ofDescriptors } from './descriptor-calls.mjs';
import {
  allowed,
  arrived,
  expected,
  files,
  filesStay,
  folder,
  insist,
  messageOf,
  now,
  persist,
  using,
} from './model.mjs';

const ROUNDS = 12;
/** What `raw` hands on where the others wait. */
const injected = new Set((process.env.AFUNIX_FAULTS ?? '').match(/\bE[A-Z]+/g));
const here = join(folder, 'calls');

/** What is asked of a socket, and of its descriptor. */
async function ask(socket, inode) {
  for (const question of [
    () => socket.peerCredentials(),
    () => socket.peerGroups(),
    () => socket.peerPidFd()?.close(),
    () => socket.bytesReadable,
    () => socket.bytesQueued,
    () => socket.sendBufferSize,
    () => socket.setOption(raw.SOL_SOCKET, raw.SO_SNDBUF, 100_000),
    () => socket.getOption(raw.SOL_SOCKET, raw.SO_RCVBUF),
    () => arrived(fstatSync(socket.fd).ino, inode),
  ]) {
    await insist(question);
  }
  // These have no error to give: null, where the kernel does not say.
  void [socket.localAddress, socket.peerAddress];
}

const paths = {
  'a path': 'calls/socket',
  'an absolute path': join(here, 'socket'),
  'a long path': join(here, 'x'.repeat(120), 'socket'),
  'a long name': join(here, 'x'.repeat(120), 'y'.repeat(200)),
};

/** A listener over a stale file, and a client that it accepts. */
async function meet(Listener, Type, path, options) {
  await using(
    () => Listener.bind(path, { ...options, unlinkOnClose: false }),
    () => {},
  );
  await using(
    () => Listener.bind(path, { ...options, mode: 0o666, maxFds: 1, credentials: true }),
    async (listener) => {
      const accepting = insist(() => listener.accept());
      for (let accepted = false; !accepted; ) {
        await using(
          () => Type.connect(path),
          async (client) => {
            // A connection that could not be set up has ended: its client comes again.
            const ended = insist(() => client.receive());
            const server = await Promise.race([accepting, ended]);
            if (server === null) return;
            accepted = true;
            await ask(client, fstatSync(client.fd).ino);
            await server.close();
            arrived(await ended, null);
          },
        );
      }
    },
  );
}

/** A datagram socket over a stale file, which answers itself. */
async function correspond(path, options) {
  await using(
    () => UnixDatagram.bind(path, { ...options, unlinkOnClose: false }),
    () => {},
  );
  await using(
    () => UnixDatagram.bind(path, options),
    async (socket) => {
      await insist(() => socket.send('x', { to: path }));
      const { from } = await insist(() => socket.receive());
      // Where link(2) failed the file was moved.
      if (!existsSync(from.path)) return;
      await insist(() => socket.send('answer', { to: from }));
      arrived(`${(await insist(() => socket.receive())).data}`, 'answer');
    },
  );
}

const calls = {
  ...ofDescriptors,

  async names() {
    for (const [name, path] of Object.entries(paths)) {
      for (const replace of ['stale', 'always']) {
        now(`bind to ${name}, replace: ${replace}`);
        await meet(UnixListener, UnixStream, path, { replace });
        await meet(UnixSeqpacketListener, UnixSeqpacket, path, { replace, allowUnsafePath: true });
        await correspond(path, { replace });
      }
    }
    if (!filesStay) arrived(readdirSync(here), ['x'.repeat(120)]);
  },

  async pairs() {
    for (const Type of Array(4).fill([UnixStream, UnixSeqpacket, UnixDatagram]).flat()) {
      now(`descriptors of ${Type.name}`);
      const stream = Type === UnixStream;
      const options = { maxFds: 8 };
      await using(
        () => Type.pair(options),
        async ([one, other]) => {
          const { fds, inodes } = messageOf(7);
          await insist(() => (stream ? one.write('x', { fds }) : one.send('x', { fds })));
          if (!stream) await insist(() => one.send('')); // which must not look like the end
          const { ino } = fstatSync(other.fd);
          const moved = await insist(() => other.detach());
          const again = await insist(() => moved.dup());
          await insist(() => again.kind);
          again.close();
          await using(
            () => Type.fromFd(moved, options),
            async (adopted) => {
              await ask(adopted, ino);
              const message = await insist(() => adopted.receive());
              arrived(`${message.data}`, 'x');
              const kinds = [];
              for (const fd of message.fds) {
                kinds.push(await insist(() => fd.kind));
                arrived(fstatSync(fd.fd).ino, inodes[kinds.length - 1]);
                fd.close();
              }
              arrived(kinds, ['file', 'file']);
              if (stream) return;
              arrived((await insist(() => adopted.receive()))?.data.length, 0);
              await insist(() => adopted.send(''));
              arrived((await insist(() => one.receive()))?.data.length, 0);
            },
          );
        },
      );
    }
  },

  async 'a socket file of somebody else'() {
    if (process.getuid() !== 0) return;
    for (let i = 0; i < 5; i++) {
      const path = join(here, 'owned');
      await using(
        () => UnixListener.bind(path, { owner: 65534, group: 12345, replace: 'stale' }),
        () => arrived([statSync(path).uid, statSync(path).gid], [65534, 12345]),
      );
    }
  },

  async 'a datagram socket'() {
    await using(
      () => UnixDatagram.bind(),
      async (bound) => {
        await using(
          () => UnixDatagram.unbound(),
          async (sender) => {
            await insist(() => sender.connect(bound.localAddress ?? raw.getsockname(bound.fd)));
            await insist(() => sender.send('x'));
            await insist(() => sender.disconnect());
            arrived(`${(await insist(() => bound.receive())).data}`, 'x');
          },
        );
        await insist(() => raw.shutdown(bound.fd, raw.SHUT_RD));
        const [{ reason }] = await Promise.allSettled([bound.receive()]);
        if (reason?.code !== 'ESHUTDOWN') expected(reason);
      },
    );
  },

  async 'afunix/net'() {
    let failed = 0;
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', (error) => {
        // EPIPE and ECONNRESET: its client has failed.
        if (!['EPIPE', 'ECONNRESET'].includes(error.code)) expected(error);
        failed++;
      });
      socket.pipe(socket);
    });
    await insist(async () => {
      server.listen({ path: join(here, 'net'), replace: 'stale' });
      await once(server, 'listening');
    });
    const converse = async () => {
      const socket = createConnection(join(here, 'net')).on('error', () => {});
      try {
        await once(socket, 'connect');
        socket.end('hello');
        let answer = '';
        for await (const data of socket) answer += data;
        return answer;
      } catch (error) {
        if (!['EPIPE', 'ECONNRESET'].includes(error.code)) throw error;
        return ''; // its server has failed
      } finally {
        socket.destroy();
      }
    };
    for (let before = -1, answer = ''; answer !== 'hello'; ) {
      if (before === failed) return arrived(answer, 'hello');
      before = failed;
      answer = await insist(converse);
    }
    server.close();
    await once(server, 'close');
  },

  async raw() {
    const { AF_UNIX, SOCK_STREAM, SOL_SOCKET, SO_SNDBUF } = raw;
    const path = join(here, 'raw');
    const fds = [];
    const insist = (call) => persist(call, injected);
    const made = async (call) => {
      const fd = await insist(call);
      fds.push(fd);
      return fd;
    };
    const listener = await made(() => raw.socket(AF_UNIX, SOCK_STREAM));
    rmSync(path, { force: true });
    await insist(() => raw.bind(listener, path));
    await insist(() => raw.listen(listener, 4));
    const client = await made(() => raw.socket(AF_UNIX, SOCK_STREAM));
    await insist(() => raw.connect(client, path));
    const server = await made(() => raw.accept(listener));
    await made(() => raw.dup(server));
    arrived((await insist(() => raw.getsockname(listener))).path, path);
    arrived((await insist(() => raw.getpeername(client))).path, path);
    await insist(() => raw.setsockopt(client, SOL_SOCKET, SO_SNDBUF, 50_000));
    arrived(await insist(() => raw.getsockopt(client, SOL_SOCKET, SO_SNDBUF)), 100_000);
    const buffer = Buffer.alloc(1);
    for (const send of [
      () => raw.send(client, 'x'),
      () => raw.sendmsg(client, { data: 'x', rights: [files[0]] }),
      () => raw.sendmmsg(client, [{ data: 'x' }]),
    ]) {
      arrived(await insist(send), 1);
      arrived(await insist(() => raw.ioctl(server, raw.SIOCINQ)), 1);
      arrived(await insist(() => raw.recv(server, buffer)), 1);
    }
    arrived((await insist(() => raw.fstat(server))).mode & 0o170000, 0o140000);
    await insist(() => raw.shutdown(client, raw.SHUT_WR));
    arrived(await insist(() => raw.recv(server, buffer)), 0);
    // Gone, whatever close(2) said.
    for (const fd of fds) {
      try {
        raw.close(fd);
      } catch (error) {
        if (!allowed.has(error.code) && error.code !== 'EINTR') throw error;
      }
    }
  },
};

/** All of it, often enough for each to fail now and then. */
export async function everyCall() {
  process.chdir(folder);
  for (let round = 0; round < ROUNDS; round++) {
    rmSync(here, { recursive: true, force: true });
    mkdirSync(join(here, 'x'.repeat(120)), { recursive: true });
    for (const [name, call] of Object.entries(calls)) {
      now(name);
      await call();
    }
  }
}
