// Peers that die at every stage, send a byte at a time, never read, send descriptors that nobody wants, connect and
// leave. The server goes on: it serves the next one, and nothing of theirs stays open.
import { setTimeout as sleep } from 'node:timers/promises';
import { features, UnixDatagram, UnixSeqpacket, UnixStream } from 'afunix';
import { describe, expect, test } from 'vitest';
import { ask, Child } from '../helpers/children.js';
import { describeWith, fromRoot, programPath } from '../helpers/programs.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

type Kind = 'stream' | 'seqpacket' | 'datagram' | 'net';

/** What a peer that goes away may leave its server with. */
const harmless = ['EPIPE', 'ECONNRESET', 'ECONNREFUSED', 'ENOENT', 'ENOBUFS', 'EPERM'];

class Server implements AsyncDisposable {
  readonly kind: Kind;
  readonly scratch = new Scratch();
  readonly child: Child;
  #open = 0;

  constructor(kind: Kind, maxFds = 0) {
    this.kind = kind;
    const fixture = fromRoot('test/fixtures/hostile-server.mjs');
    const args = ['--expose-gc', fixture, kind, this.scratch.path(), String(maxFds)];
    this.child = new Child(process.execPath, args);
  }

  static async start(kind: Kind, maxFds = 0): Promise<Server> {
    const server = new Server(kind, maxFds);
    await server.child.says('ready');
    server.#open = (await ask(server.child, 'report')).open;
    await server.serves();
    return server;
  }

  peer(python: string, action: string, count = 0): Child {
    const type = this.kind === 'net' ? 'stream' : this.kind;
    const script = fromRoot('test/peers/hostile.py');
    return new Child(python, [script, type, this.scratch.path(), action, String(count)]);
  }

  /** It serves somebody honest. */
  async serves(): Promise<void> {
    const path = this.scratch.path();
    if (this.kind === 'datagram') {
      await using client = await UnixDatagram.bind(this.scratch.path('honest'));
      await client.send('honest', { to: path });
      expect((await client.receive()).data.toString()).toBe('honest');
    } else if (this.kind === 'seqpacket') {
      await using client = await UnixSeqpacket.connect(path);
      await client.send('honest');
      expect((await client.receive())?.data.toString()).toBe('honest');
    } else {
      await using client = await UnixStream.connect(path);
      await client.write('honest');
      expect((await client.read())?.toString()).toBe('honest');
    }
  }

  /** It serves, has nothing open that it had not at the start, and nothing went wrong that matters. */
  async isWell(): Promise<void> {
    await this.serves();
    let report = await ask(this.child, 'report');
    for (; report.open !== this.#open; report = await ask(this.child, 'report')) await sleep(10);
    expect(report.unhandled).toBe(0);
    expect(Object.keys(report.errors).filter((code) => !harmless.includes(code))).toEqual([]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child[Symbol.asyncDispose]();
    this.scratch[Symbol.dispose]();
  }
}

const kinds: Kind[] = hasSeqpacket
  ? ['stream', 'net', 'seqpacket', 'datagram']
  : ['stream', 'net', 'datagram'];
const stages = ['connected', 'request', 'part', 'reading', 'full', 'descriptors'];
const connected = [...stages, 'shutdown', 'deaf'];

describeWith('python3', programPath('python3'), (python) => {
  describe.each(kinds)('%s', (kind) => {
    test.each([0, 8])('dies by SIGKILL at every stage, maxFds %i', async (maxFds) => {
      await using server = await Server.start(kind, maxFds);
      for (const stage of kind === 'datagram' ? stages : connected) {
        await using peer = server.peer(python, `die:${stage}`);
        await peer.says(`at ${stage}`);
        peer.kill();
        expect(await peer.ended).toMatchObject({ signal: 'SIGKILL' });
        await server.isWell();
      }
    });

    test('sends a byte at a time', async () => {
      await using server = await Server.start(kind);
      await using peer = server.peer(python, 'bytes', 3000);
      expect(await peer.succeeds()).toBe('ok\n');
      await server.isWell();
    });

    test('never reads: others are served, and memory is bounded', async () => {
      await using server = await Server.start(kind);
      const { rss } = await ask(server.child, 'report');
      await using peer = server.peer(python, 'deaf');
      await peer.says('sent');
      if (kind === 'datagram') {
        // All answers share one send buffer, and the kernel lets one connected peer fill it: those to
        // others wait until it goes. See docs/security.md.
        const { messages } = await ask(server.child, 'report');
        const served = server.serves();
        while ((await ask(server.child, 'report')).messages === messages) await sleep(10);
        peer.kill();
        await served;
      } else {
        await server.serves();
      }
      const report = await ask(server.child, 'report');
      expect(report.rss - rss).toBeLessThan(100_000_000);
      peer.kill();
      await peer.ended;
      await server.isWell();
    });

    test('sends descriptors that nobody wants', async () => {
      await using server = await Server.start(kind);
      await using peer = server.peer(python, 'unwanted', 500);
      expect(await peer.succeeds()).toBe(features().refuseFds ? 'EPERM 500\n' : 'sent 500\n');
      await server.isWell();
    });

    if (kind === 'datagram') return; // there are no connections
    test('connects and leaves 5,000 times', async () => {
      await using server = await Server.start(kind);
      const { connections } = await ask(server.child, 'report');
      await using peer = server.peer(python, 'leave', 5000);
      await peer.succeeds();
      await server.isWell();
      // Those 5,000, and the honest one.
      expect((await ask(server.child, 'report')).connections).toBe(connections + 5001);
    });
  });
});
