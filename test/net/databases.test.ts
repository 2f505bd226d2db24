// Database drivers as they come, with a socket of this package under them.
import { once } from 'node:events';
import { connect, Socket } from 'afunix/net';
import { Redis } from 'ioredis';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { expect, test } from 'vitest';
import { Database, mariadbPath, postgresPath } from '../helpers/databases.js';
import { describeWith, programPath } from '../helpers/programs.js';

const QUERIES = 2000;
/** Larger than any one read, and than the buffers on the way. */
const LARGE = 3_000_000;

describeWith('postgres', postgresPath('postgres'), () => {
  test('pg: queries one by one, many at once, and a large row', async () => {
    await using database = await Database.postgres();
    const client = new pg.Client({
      host: database.scratch.folder,
      user: 'postgres',
      database: 'postgres',
      stream: () => new Socket() as never,
    });
    await client.connect();
    try {
      const value = async (sql: string, values: unknown[]): Promise<unknown> =>
        (await client.query(sql, values)).rows[0].value;
      for (let index = 0; index < QUERIES; index++) {
        expect(await value('select $1::int * 2 as value', [index])).toBe(index * 2);
      }
      const many = Array.from({ length: 100 }, (_, index) =>
        value('select $1::text as value', [`é${index}`]),
      );
      expect(await Promise.all(many)).toEqual(many.map((_, index) => `é${index}`));
      const large = 'x'.repeat(LARGE);
      expect(await value('select $1::text as value', [large])).toBe(large);
      await expect(client.query('select nonsense')).rejects.toMatchObject({ code: '42703' });
    } finally {
      await client.end();
    }
  }, 60_000);

  test('pg: the error of connect is its own', async () => {
    const client = new pg.Client({ host: '/no/such/folder', stream: () => new Socket() as never });
    await expect(client.connect()).rejects.toMatchObject({ code: 'ENOENT', syscall: 'connect' });
  });
});

describeWith('mariadbd', mariadbPath(), () => {
  test('mysql2: queries, prepared statements, and a large row', async () => {
    await using database = await Database.mariadb();
    const client = await mysql.createConnection({
      user: 'root',
      stream: () => connect(database.scratch.path()) as never,
    });
    try {
      for (let index = 0; index < QUERIES / 2; index++) {
        const [queried] = await client.query('select ? * 2 as value', [index]);
        const [executed] = await client.execute('select ? as value', [`é${index}`]);
        expect(queried).toEqual([{ value: index * 2 }]);
        expect(executed).toEqual([{ value: `é${index}` }]);
      }
      const large = 'x'.repeat(LARGE);
      expect((await client.query('select ? as value', [large]))[0]).toEqual([{ value: large }]);
      await expect(client.query('nonsense')).rejects.toMatchObject({ code: 'ER_PARSE_ERROR' });
    } finally {
      await client.end();
    }
  }, 60_000);
});

describeWith('redis-server', programPath('redis-server'), () => {
  test('ioredis: commands one by one, in a pipeline, a large value, and a subscription', async () => {
    await using database = await Database.redis();
    const make = (): Redis =>
      new Redis({
        // Its way to bring one's own connection.
        Connector: connectorTo(database.scratch.path()) as never,
      });
    const client = make();
    const listener = make();
    try {
      for (let index = 0; index < QUERIES; index++) {
        expect(await client.incr('counter')).toBe(index + 1);
      }
      const pipeline = client.pipeline();
      for (let index = 0; index < QUERIES; index++) pipeline.set(`key${index}`, index);
      expect(await pipeline.exec()).toHaveLength(QUERIES);
      expect(await client.get(`key${QUERIES - 1}`)).toBe(String(QUERIES - 1));
      const large = Buffer.alloc(LARGE, 'ab');
      await client.set('large', large);
      expect(large.equals((await client.getBuffer('large')) as Buffer)).toBe(true);
      await listener.subscribe('news');
      const heard = once(listener, 'message');
      await client.publish('news', 'hello');
      expect(await heard).toEqual(['news', 'hello']);
    } finally {
      client.disconnect();
      listener.disconnect();
    }
  }, 60_000);
});

/** An ioredis Connector class whose connections go to `path`. */
function connectorTo(path: string): new () => object {
  return class {
    connecting = true;
    firstError: Error | undefined;
    #socket: Socket | undefined;

    check(): boolean {
      return true;
    }

    async connect(): Promise<Socket> {
      this.#socket = connect(path);
      return this.#socket;
    }

    disconnect(): void {
      this.connecting = false;
      this.#socket?.end();
    }
  };
}
