// Runs one scenario on node:net and on afunix/net, and wants the same to happen on both: the same
// events, in the same order for each object, with the same arguments and errors. What node:net does
// is taken from the Node that runs the test.
import { EventEmitter, once } from 'node:events';
import nodeNet from 'node:net';
import { features, UnixStream } from 'afunix';
import afunixNet from 'afunix/net';
import { expect, test } from 'vitest';
import { Scratch } from './scratch.js';

export type Net = typeof nodeNet;

/** Where a scenario plays, and what it saw. */
export class Stage {
  readonly net: Net;
  readonly path: string;
  readonly scratch: Scratch;
  readonly #seen: Record<string, string[]> = {};
  readonly #open: { destroy?(): void; close?(): void }[] = [];

  constructor(net: Net, scratch: Scratch) {
    this.net = net;
    this.scratch = scratch;
    this.path = scratch.path();
  }

  /** Notes something about `who`. */
  note(who: string, ...what: unknown[]): void {
    this.#seen[who] ??= [];
    this.#seen[who].push(
      what
        .map((item) => show(item))
        .join(' ')
        .replaceAll(this.path, 'PATH'),
    );
  }

  /** Notes these events of `emitter`, with their arguments. */
  watch<E extends EventEmitter>(who: string, emitter: E, events: string): E {
    for (const event of events.split(' ')) {
      emitter.on(event, (...args: unknown[]) => this.note(who, event, ...args));
    }
    return emitter;
  }

  /** Ends when the scenario does. */
  track<T extends { destroy?(): void; close?(): void }>(thing: T): T {
    this.#open.push(thing);
    return thing;
  }

  async listen(options: object = {}, listener?: (socket: nodeNet.Socket) => void) {
    const server = this.track(this.net.createServer(options));
    server.on('connection', (socket) => this.track(socket));
    if (listener !== undefined) server.on('connection', listener);
    server.listen(this.path);
    await once(server, 'listening');
    return server;
  }

  /** A client and the server's end of its connection. */
  async pair(
    serverOptions: object = {},
    clientOptions: object = {},
  ): Promise<{ server: nodeNet.Server; client: nodeNet.Socket; peer: nodeNet.Socket }> {
    const server = await this.listen(serverOptions);
    const accepted = once(server, 'connection');
    const client = this.connect(clientOptions);
    const [[peer]] = await Promise.all([accepted, once(client, 'connect')]);
    return { server, client, peer };
  }

  connect(options: object = {}): nodeNet.Socket {
    return this.track(this.net.connect({ path: this.path, ...options }));
  }

  end(): Record<string, string[]> {
    const seen = structuredClone(this.#seen);
    for (const thing of this.#open) {
      if (thing instanceof EventEmitter) thing.on('error', () => {});
      thing.destroy?.();
      if (thing.destroy === undefined) thing.close?.();
    }
    return seen;
  }
}

const both = { 'node:net': nodeNet, afunix: afunixNet as unknown as Net };

/** Declares a test of this scenario. */
export function likeNode(name: string, scenario: (stage: Stage) => Promise<void>): void {
  test(name, async () => {
    const seen: Record<string, unknown> = {};
    for (const [which, net] of Object.entries(both)) {
      using scratch = new Scratch();
      const stage = new Stage(net, scratch);
      try {
        await scenario(stage);
      } finally {
        seen[which] = stage.end();
      }
    }
    expect(Object.keys(seen['node:net'] as object)).not.toHaveLength(0);
    expect(seen.afunix).toEqual(seen['node:net']);
  });
}

/** Resolves when `emitter` has emitted `event`, whatever happens meanwhile. */
export function happens(emitter: EventEmitter, event: string): Promise<unknown[]> {
  return new Promise((resolve) => {
    emitter.once(event, (...args: unknown[]) => resolve(args));
  });
}

/** Two turns of the event loop, which bring what the kernel has for this process by now. */
export async function turns(): Promise<void> {
  for (let count = 0; count < 2; count++) {
    if (!features().busyPoll) await reported();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Where a thread waits (AFUNIX_WAIT) the loop knows only what that has reported: it reports in turn. */
async function reported(): Promise<void> {
  const [one, other] = UnixStream.pair();
  const arrived = other.read(); // waits: nothing is there yet
  await one.write('x');
  await arrived;
  one.close();
  other.close();
}

function show(item: unknown): string {
  if (item instanceof Error) {
    const { code, errno, syscall, address } = item as NodeJS.ErrnoException & { address?: string };
    // Behind the address this package gives hints.
    const end = address === undefined ? -1 : item.message.indexOf(`${address}: `);
    const message = end < 0 ? item.message : item.message.slice(0, end + `${address}`.length);
    return `${item.constructor.name} ${item.name} ${message} [${[code, errno, syscall, address].join(', ')}]`;
  }
  if (item instanceof Uint8Array) return `<${Buffer.from(item).toString('latin1')}>`;
  if (typeof item === 'function') return 'function';
  if (item instanceof EventEmitter) return item.constructor.name;
  return typeof item === 'object' ? JSON.stringify(item) : String(item);
}
