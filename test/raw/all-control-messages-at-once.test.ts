// 253 descriptors, credentials, a pidfd and SCM_INQ fit into the room that recvmsg makes by itself.
import { pid } from 'node:process';
import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Descriptors, hasOption, onLinux, receive } from '../helpers/raw-sockets.js';

checkDescriptors();
const options = onLinux
  ? [raw.SO_PASSCRED, raw.SO_PASSPIDFD, raw.SO_INQ, raw.SO_TIMESTAMP, raw.SO_PASSSEC]
  : [];

test.runIf(onLinux)('nothing is truncated', () => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_STREAM);
  const known = options.filter((option) => hasOption(raw.SOCK_STREAM, option));
  for (const option of known) raw.setsockopt(second, raw.SOL_SOCKET, option, true);
  raw.sendmsg(first, { data: 'abc', rights: Array(253).fill(0) });
  const message = receive(second, 0, 1);
  fds.ownAll(message.rights);
  if (message.pidfd !== null) fds.own(message.pidfd);
  expect(message.controlTruncated).toBe(false);
  expect(message.rights.length).toBe(253);
  expect(message.credentials?.pid).toBe(pid);
  expect(message.pidfd === null).toBe(!known.includes(raw.SO_PASSPIDFD));
  expect(message.timestamp).toBe(null); // streams have none
  expect(message.inq).toBe(known.includes(raw.SO_INQ) ? 2 : null);
});
