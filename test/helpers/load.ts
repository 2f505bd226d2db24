// Clients that ask without a pause, and count who answered and what failed.
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { text } from 'node:stream/consumers';

/** Asks once. Resolves with the name of who answered. */
export type Ask = () => Promise<string>;

/** Asks by HTTP, over connections of the agent if there is one. */
export function askHttp(where: http.RequestOptions, agent: http.Agent | false = false): Ask {
  return async () => {
    const request = http.get({ ...where, agent });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    return text(response);
  };
}

/** Sends a line over a connection of its own, which the server ends. */
export function askNet(where: net.NetConnectOpts): Ask {
  return async () => {
    const socket = net.connect(where);
    socket.write('line');
    const answer = await text(socket);
    if (!answer.endsWith(' line')) throw new Error(`got "${answer}"`);
    return answer.split(' ')[0] as string;
  };
}

/** Two clients at each door. */
export class Load implements AsyncDisposable {
  /** What failed, as `door: error`. */
  readonly failures: string[] = [];
  readonly #answers = new Map<string, number>();
  readonly #clients: Promise<void>[];
  readonly #doors: string[];
  #going = true;
  #wake: () => void = () => {};

  constructor(doors: Readonly<Record<string, Ask>>) {
    this.#doors = Object.keys(doors);
    this.#clients = [...Object.entries(doors), ...Object.entries(doors)].map(([door, ask]) =>
      this.#client(door, ask),
    );
  }

  async #client(door: string, ask: Ask): Promise<void> {
    while (this.#going) {
      try {
        const name = await ask();
        if (name === '') throw new Error('an empty answer');
        const key = `${door} ${name}`;
        this.#answers.set(key, (this.#answers.get(key) ?? 0) + 1);
      } catch (error) {
        this.failures.push(`${door}: ${(error as NodeJS.ErrnoException).code ?? error}`);
      }
      this.#wake();
    }
  }

  /** Resolves when `name` has answered so many more requests at each door. */
  async answered(name: string, more: number): Promise<void> {
    const count = (door: string): number => this.#answers.get(`${door} ${name}`) ?? 0;
    const wanted = this.#doors.map((door) => [door, count(door) + more] as const);
    while (wanted.some(([door, enough]) => count(door) < enough)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#going = false;
    await Promise.all(this.#clients);
  }
}
