// SO_PASSRIGHTS (Linux 6.16): a receiver that wants none makes the sender get EPERM.
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Descriptors, everyType, hasOption, receive, thrown } from '../helpers/raw-sockets.js';

describe.runIf(hasOption(raw.SOCK_STREAM, raw.SO_PASSRIGHTS)).each(everyType)('%s', (_, type) => {
  checkDescriptors();

  test('on by default; off, sending is EPERM', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    expect(raw.getsockopt(second, raw.SOL_SOCKET, raw.SO_PASSRIGHTS)).toBe(1);
    raw.setsockopt(second, raw.SOL_SOCKET, raw.SO_PASSRIGHTS, false);
    expect(thrown(() => raw.sendmsg(first, { data: 'x', rights: [0] }))).toMatchObject({
      code: 'EPERM',
      syscall: 'sendmsg',
    });
    raw.send(first, 'plain');
    expect(receive(second).data).toBe('plain');
  });

  test('those sent before still arrive', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    raw.sendmsg(first, { data: 'x', rights: [0] });
    raw.setsockopt(second, raw.SOL_SOCKET, raw.SO_PASSRIGHTS, false);
    expect(fds.ownAll(receive(second).rights).length).toBe(1);
  });
});
