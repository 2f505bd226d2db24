// What accepts connections and asks `authorize`, in one shape for all of them.
import { once } from 'node:events';
import {
  type AuthorizeOptions,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import { createServer, type Socket } from 'afunix/net';
import { expect } from 'vitest';
import { hasSeqpacket } from './scratch.js';

export type Authorize = NonNullable<AuthorizeOptions['authorize']>;
export type Closable = { close(): unknown };

/** Something that accepts. It says 'in' to each connection that it is handed. */
export interface Door extends Closable {
  readonly handed: unknown[];
  readonly refused: number;
}

/** Accepts until the listener is closed. */
function serve<S extends Closable>(
  listener: AsyncIterable<S> & { readonly refused: number; close(): Promise<void> },
  greet: (socket: S) => Promise<void>,
): Door {
  const handed: S[] = [];
  const serving = (async () => {
    for await (const socket of listener) {
      handed.push(socket);
      await greet(socket);
    }
  })();
  return {
    handed,
    get refused() {
      return listener.refused;
    },
    async close() {
      await listener.close();
      await serving;
      for (const socket of handed) await socket.close();
    },
  };
}

export interface Kind {
  name: string;
  open(path: string, authorize: Authorize): Promise<Door>;
  /** `greeting`: 'in', or null when the connection is closed. */
  connect(path: string): Promise<Closable & { greeting(): Promise<string | null> }>;
}

async function connectStream(path: string): ReturnType<Kind['connect']> {
  const client = await UnixStream.connect(path);
  return {
    close: () => client.close(),
    greeting: async () => (await client.read())?.toString() ?? null,
  };
}

const kinds: Kind[] = [
  {
    name: 'UnixListener',
    open: async (path, authorize) =>
      serve(await UnixListener.bind(path, { authorize }), (socket) => socket.write('in')),
    connect: connectStream,
  },
  {
    name: 'UnixSeqpacketListener',
    open: async (path, authorize) =>
      serve(await UnixSeqpacketListener.bind(path, { authorize }), (socket) => socket.send('in')),
    async connect(path) {
      const client = await UnixSeqpacket.connect(path);
      return {
        close: () => client.close(),
        greeting: async () => (await client.receive())?.data.toString() ?? null,
      };
    },
  },
  {
    name: 'net.Server',
    async open(path, authorize) {
      const handed: Socket[] = [];
      let refused = 0;
      const server = createServer({ authorize }, (socket) => {
        handed.push(socket);
        socket.on('error', () => {}).write('in');
      });
      server.on('drop', (peer) => {
        expect(peer).toMatchObject({ pid: process.pid });
        refused++;
      });
      server.on('error', (error) => expect.fail(`${error.stack}`));
      await once(server.listen(path), 'listening');
      return {
        handed,
        get refused() {
          return refused;
        },
        async close() {
          const closed = once(server, 'close');
          server.close();
          for (const socket of handed) socket.destroy();
          await closed;
        },
      };
    },
    connect: connectStream,
  },
];

/** Those that this system has. */
export const doors: readonly Kind[] = kinds.filter(
  ({ name }) => hasSeqpacket || !name.includes('Seqpacket'),
);
