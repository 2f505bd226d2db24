import { Known } from './known.js';
import { integer, membersOf } from './validate.js';

/** The identity of a process: its pid in this pid namespace, its user and its group. */
export interface Credentials {
  /** Process id; 0 where it cannot be seen from here, -1 where the system does not report it. */
  pid: number;
  /** User id, as this user namespace numbers it. */
  uid: number;
  /** Group id, as this user namespace numbers it. */
  gid: number;
}

const ID_MAX = 0xffffffff;
const CREDENTIALS = new Known<Credentials>('credentials', { pid: 1, uid: 1, gid: 1 });

/** Checks credentials to send. Returns undefined if there are none. */
export function credentialsOf(name: string, credentials: unknown): Credentials | undefined {
  if (credentials === undefined) return undefined;
  const { pid, uid, gid } = membersOf(credentials as Credentials, CREDENTIALS, name);
  return {
    pid: integer(`${name}.pid`, pid, 0),
    uid: integer(`${name}.uid`, uid, 0, ID_MAX),
    gid: integer(`${name}.gid`, gid, 0, ID_MAX),
  };
}
