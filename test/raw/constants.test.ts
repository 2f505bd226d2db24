// Every constant is there by its C name, twice: exported, and in `constants`.

import { constants as os } from 'node:os';
import { platform } from 'node:process';
import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';

const exported = Object.entries(raw).filter(
  ([name, value]) => /^[A-Z]/.test(name) && typeof value === 'number',
);

test('the exports and `constants` are the same', () => {
  expect(Object.fromEntries(exported)).toEqual(raw.constants);
  expect(exported.length).toBeGreaterThan(60);
});

test('`constants` is frozen', () => {
  expect(Object.isFrozen(raw.constants)).toBe(true);
});

test.runIf(platform === 'linux')('what Linux lacks is undefined, and not in `constants`', () => {
  expect(raw.LOCAL_PEERCRED).toBe(undefined);
  expect('LOCAL_PEERCRED' in raw.constants).toBe(false);
  expect('SO_PASSCRED' in raw.constants).toBe(true);
});

test.runIf(platform === 'linux' && ['x64', 'arm64'].includes(process.arch))('numbers', () => {
  expect(raw).toMatchObject({
    AF_UNIX: 1,
    PF_UNIX: 1,
    SOCK_STREAM: 1,
    SOCK_DGRAM: 2,
    SOCK_SEQPACKET: 5,
    SO_PASSCRED: 16,
    SO_PEERCRED: 17,
    SO_PASSPIDFD: 76,
    SO_PEERPIDFD: 77,
    SO_PASSRIGHTS: 83,
    SO_INQ: 84,
    SO_RIGHTS_NOTRUNC: 85,
    SCM_RIGHTS: 1,
    SCM_MAX_FD: 253,
    MSG_CMSG_CLOEXEC: 0x40000000,
    SIOCINQ: 0x541b,
    SIOCOUTQ: 0x5411,
    UNIX_PATH_MAX: 108,
    F_DUPFD: 0,
    F_DUPFD_CLOEXEC: 1030,
    IOV_MAX: 1024,
    UIO_MAXIOV: 1024,
    SO_PEERNAME: 28,
  });
});

test('errors are named as Node names them', () => {
  for (const [name, number] of Object.entries(os.errno)) {
    if (name === 'EWOULDBLOCK' || name === 'ENOTSUP') continue; // aliases
    expect([name, number]).toEqual([name, raw.constants[name] ?? number]);
  }
});
