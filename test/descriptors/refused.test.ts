// A socket accepts no descriptors unless it is told to: the kernel refuses them at the sender where
// it can (SO_PASSRIGHTS, Linux 6.16), else they are dropped at the receiver, and the message says so.
import { features } from 'afunix';
import { constants } from 'afunix/raw';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { checkDescriptors } from '../helpers/descriptors.js';
import { describeTypes } from '../helpers/pairs.js';

const COUNT = 100_000;
const { SOL_SOCKET, SO_PASSRIGHTS } = constants as { SOL_SOCKET: number; SO_PASSRIGHTS: number };

describeTypes((type) => {
  checkDescriptors();

  test.runIf(features().refuseFds)(
    `${COUNT} messages: the sender gets EPERM`,
    async () => {
      await using child = Child.fixture('refused.mjs', [type.name, String(COUNT), 'new']);
      expect(JSON.parse(await child.succeeds())).toEqual({
        came: 0,
        truncated: 0,
        errors: { EPERM: COUNT },
        grew: 0,
        left: 0,
        warnings: [],
      });
    },
    60_000,
  );

  test(`${COUNT} messages on an older kernel: truncated, one warning`, async () => {
    await using child = Child.fixture('refused.mjs', [type.name, String(COUNT), 'old']);
    expect(JSON.parse(await child.succeeds())).toEqual({
      came: COUNT,
      truncated: COUNT,
      errors: {},
      grew: 0,
      left: 0,
      warnings: [{ code: 'AFUNIX_FDS_REFUSED', message: expect.stringContaining('maxFds') }],
    });
  }, 60_000);

  test.runIf(features().refuseFds)(
    'a socket that accepts some, and then its next owner',
    async () => {
      await using pair = type.pair({ maxFds: 1 });
      const passes = (): number => pair.first.socket.getOption(SOL_SOCKET, SO_PASSRIGHTS);
      expect(passes()).toBe(1);
      using adopted = pair.first.socket.detach();
      const again = type.fromFd(adopted.detach());
      expect(again.socket.getOption(SOL_SOCKET, SO_PASSRIGHTS)).toBe(0);
      await expect(pair.second.send('x', { fds: [0] })).rejects.toMatchObject({ code: 'EPERM' });
      // Whoever gets it next finds it as the kernel makes it.
      using detached = again.socket.detach();
      await pair.second.send('x', { fds: [0] });
      const last = type.fromFd(detached.detach(), { maxFds: 1 });
      const { fds } = await last.receive();
      expect(fds).toHaveLength(1);
      fds[0]?.close();
      await last.socket.close();
    },
  );
});
