// SO_PASSCRED: each message brings its sender's pid, uid and gid, as the kernel checked them.
import { getegid, geteuid, pid } from 'node:process';
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import {
  codeOf,
  connectionTypes,
  Descriptors,
  everyType,
  onLinux,
  receive,
} from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

const mine = { pid, uid: geteuid?.(), gid: getegid?.() };
const pass = (fd: number): void => raw.setsockopt(fd, raw.SOL_SOCKET, raw.SO_PASSCRED, true);

describe.runIf(onLinux).each(everyType)('%s', (_, type) => {
  checkDescriptors();

  test('none without the option', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    raw.send(first, 'x');
    expect(receive(second).credentials).toBe(null);
  });

  test('the sender’s with it', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    pass(second);
    raw.send(first, 'x');
    expect(receive(second).credentials).toEqual(mine);
  });

  test('its own may be sent', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    pass(second);
    raw.sendmsg(first, { data: 'x', credentials: mine as raw.Credentials });
    expect(receive(second).credentials).toEqual(mine);
  });

  test('a pid that nobody has is refused', () => {
    using fds = new Descriptors();
    const [first] = fds.pair(type);
    const credentials = { ...(mine as raw.Credentials), pid: 0x7fffffff };
    expect(codeOf(() => raw.sendmsg(first, { data: 'x', credentials }))).toMatch(/ESRCH|EPERM/);
  });

  test.runIf(geteuid?.() === 0)('root may name another process, user and group', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    pass(second);
    const credentials = { pid: 1, uid: 4_000_000_000, gid: 1234 };
    raw.sendmsg(first, { data: 'x', credentials, rights: [0] });
    const message = receive(second);
    fds.ownAll(message.rights);
    expect(message.credentials).toEqual(credentials);
    expect(message.rights.length).toBe(1);
  });
});

describe.runIf(onLinux).each(connectionTypes)('%s listener', (_, type) => {
  checkDescriptors();

  test('an accepted socket inherits the option, also for what was sent before', () => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    const listener = fds.listener(type, scratch.path());
    pass(listener);
    raw.send(fds.connected(type, scratch.path()), 'x');
    const server = fds.accept(listener);
    expect(raw.getsockopt(server, raw.SOL_SOCKET, raw.SO_PASSCRED)).toBe(1);
    expect(receive(server).credentials).toEqual(mine);
  });

  test('set on the client, connect binds it to a name', () => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    fds.listener(type, scratch.path());
    const client = fds.socket(type);
    pass(client);
    raw.connect(client, scratch.path());
    expect(raw.getsockname(client).toString()).toMatch(/^@[0-9a-f]{5}$/);
  });
});
