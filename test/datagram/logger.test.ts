// syslog's client: `logger -u` of util-linux.
import { platform } from 'node:process';
import { UnixDatagram } from 'afunix';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { describeWith, programPath } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

// util-linux's alone knows -u.
const logger = platform === 'linux' ? programPath('logger') : undefined;

describeWith('logger', logger, (program) => {
  test('its lines are datagrams', async () => {
    using scratch = new Scratch();
    await using socket = await UnixDatagram.bind(scratch.path());
    const args = ['-u', scratch.path(), '-t', 'afunix', '-p', 'user.info', 'a line'];
    // It hangs with a sanitizer's library preloaded.
    const env = { ...process.env, LD_PRELOAD: undefined };
    await using child = new Child(program, args, { env });
    const { data, from } = await socket.receive();
    expect(data.toString()).toMatch(/^<14>.* afunix: a line$/);
    expect(from.kind).toBe('unnamed');
    await child.succeeds();
  });
});
