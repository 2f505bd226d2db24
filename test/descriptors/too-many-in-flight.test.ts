// A user may have as many descriptors in flight as RLIMIT_NOFILE allows open; root is exempt.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';
import { onLinux } from '../helpers/raw-sockets.js';

const root = process.geteuid?.() === 0;

test.runIf(onLinux)('ETOOMANYREFS, by its name', async () => {
  const file = fromRoot('test/fixtures/too-many-in-flight.mjs');
  const program = `ulimit -n 100 && exec "${process.execPath}" "${file}"`;
  await using child = new Child('sh', ['-c', program], root ? { uid: 65534, gid: 65534 } : {});
  const results = JSON.parse(await child.succeeds());
  const expected = { code: 'ETOOMANYREFS', left: 0, again: 1 };
  expect(results).toMatchObject({
    UnixStream: { ...expected, syscall: 'write' },
    UnixSeqpacket: { ...expected, syscall: 'send' },
    UnixDatagram: { ...expected, syscall: 'send' },
  });
});
