// A user may have as many descriptors in flight as RLIMIT_NOFILE allows open; root is exempt.
import { expect, test } from 'vitest';
import { readableCopy, somebody } from '../helpers/another-user.js';
import { Child } from '../helpers/children.js';
import { onLinux } from '../helpers/raw-sockets.js';

const root = process.geteuid?.() === 0;

test.runIf(onLinux)('ETOOMANYREFS, by its name', async () => {
  const program = 'ulimit -n 100 && exec ./node test/fixtures/too-many-in-flight.mjs';
  await using child = new Child('sh', ['-c', program], {
    ...(root ? somebody : {}),
    cwd: readableCopy,
  });
  const results = JSON.parse(await child.succeeds());
  const expected = { code: 'ETOOMANYREFS', left: 0, again: 1 };
  expect(results).toMatchObject({
    UnixStream: { ...expected, syscall: 'write' },
    UnixSeqpacket: { ...expected, syscall: 'send' },
    UnixDatagram: { ...expected, syscall: 'send' },
  });
});
