// Real databases, each on a socket in a folder of its own, for one test file: never the system's
// service. As root they run as `nobody`, for PostgreSQL will not run as root.
import { execFileSync, type SpawnOptions } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { getuid } from 'node:process';
import { Child } from './children.js';
import { programPath } from './programs.js';
import { Scratch } from './scratch.js';

/** Who the servers run as. */
function user(): SpawnOptions & { name?: string } {
  if (getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'nobody']));
  return { uid: id('-u'), gid: id('-g') };
}

/** Debian keeps PostgreSQL's programs out of the PATH. */
export function postgresPath(name: string): string | undefined {
  const versions = '/usr/lib/postgresql';
  const found = existsSync(versions)
    ? readdirSync(versions).map((version) => join(versions, version, 'bin', name))
    : [];
  return found.find(existsSync) ?? programPath(name);
}

/** A database server that is ready. */
export class Database implements AsyncDisposable {
  readonly scratch: Scratch = new Scratch();
  readonly #as = user();
  #server: Child | undefined;
  #stop: NodeJS.Signals = 'SIGTERM';

  constructor() {
    if (this.#as.uid === undefined) return;
    chownSync(this.scratch.folder, this.#as.uid, this.#as.gid as number);
  }

  /** The folder for its data, made. */
  #data(): string {
    const folder = this.scratch.path('data');
    mkdirSync(folder, { mode: 0o700 });
    if (this.#as.uid !== undefined) chownSync(folder, this.#as.uid, this.#as.gid as number);
    return folder;
  }

  #run(program: string, ...args: string[]): Child {
    return new Child(program, args, { ...this.#as, cwd: this.scratch.folder });
  }

  async #serve(ready: string, stream: 'stdout' | 'stderr', ...command: [string, ...string[]]) {
    this.#server = this.#run(...command);
    await this.#server.says(ready, stream);
    return this;
  }

  /** PostgreSQL, whose socket is `.s.PGSQL.5432` in the folder; user `postgres`, no password. */
  static async postgres(): Promise<Database> {
    const database = new Database();
    const data = database.#data();
    const { folder } = database.scratch;
    const initdb = postgresPath('initdb') as string;
    await database.#run(initdb, '-D', data, '-U', 'postgres', '-A', 'trust', '-N').succeeds();
    database.#stop = 'SIGINT'; // its fast shutdown, which waits for no client
    const postgres = postgresPath('postgres') as string;
    const options = ['-k', folder, '-h', '', '-F'];
    return database.#serve('ready to accept', 'stderr', postgres, '-D', data, ...options);
  }

  /** MariaDB; user `root`, no password. */
  static async mariadb(): Promise<Database> {
    const database = new Database();
    const data = database.#data();
    const install = programPath('mariadb-install-db') as string;
    const common = ['--no-defaults', `--datadir=${data}`, '--innodb-log-file-size=8M'];
    const normal = ['--auth-root-authentication-method=normal', '--skip-test-db'];
    await database.#run(install, ...common, ...normal).succeeds();
    const options = [`--socket=${database.scratch.path()}`, '--skip-networking'];
    const mariadbd = mariadbPath() as string;
    return database.#serve('ready for connections', 'stderr', mariadbd, ...common, ...options);
  }

  /** Redis. */
  static redis(): Promise<Database> {
    const database = new Database();
    const options = ['--port', '0', '--unixsocket', database.scratch.path(), '--save', ''];
    const redis = programPath('redis-server') as string;
    return database.#serve('eady to accept', 'stdout', redis, ...options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server !== undefined) {
      this.#server.kill(this.#stop);
      await this.#server.ended;
    }
    this.scratch[Symbol.dispose]();
  }
}

/** Where servers are: not in every user's PATH. */
export function mariadbPath(): string | undefined {
  return existsSync('/usr/sbin/mariadbd') ? '/usr/sbin/mariadbd' : programPath('mariadbd');
}
