// A socket that was adopted and then cannot be configured is its owner's again, open.
import { platform } from 'node:process';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';
import { environmentOf } from './cases.js';

/** The sanitizer stands between the addon and the shim, which then cannot tell whose a call is. */
const sanitized = process.env.LD_PRELOAD?.includes('libasan') === true;

test.skipIf(platform !== 'linux' || sanitized)(
  'ownership stays where it was',
  async () => {
    using scratch = new Scratch();
    const env = environmentOf(scratch, 'setsockopt=ENOMEM/2');
    await using child = new Child(process.execPath, [fromRoot('test/faults/adopt.mjs')], { env });
    expect(JSON.parse(await child.succeeds())).toEqual({
      UnixStream: true,
      UnixListener: true,
      UnixSeqpacket: true,
      UnixSeqpacketListener: true,
      UnixDatagram: true,
      fromFd: true,
      Socket: true,
      Server: true,
    });
  },
  60_000,
);
