// Nobody reads: a send gives EAGAIN, and what was sent before is whole and in order.
import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Descriptors, receive } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

/** Sends 0, 1, 2, ... until there is no room; returns how many went out, and the last one's code. */
function fill(send: (data: string) => number): [number, string] {
  for (let sent = 0; ; sent += 1) {
    try {
      send(String(sent));
    } catch (error) {
      return [sent, (error as { code: string }).code];
    }
  }
}

test.each(['connected', 'not connected'])('%s', (how) => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  const receiver = fds.bound(raw.SOCK_DGRAM, scratch.path());
  const sender = fds.socket(raw.SOCK_DGRAM);
  if (how === 'connected') raw.connect(sender, scratch.path());
  const [sent, code] = fill((data) =>
    how === 'connected' ? raw.send(sender, data) : raw.sendto(sender, data, scratch.path()),
  );
  expect(code).toMatch(/EAGAIN|ENOBUFS/); // macOS: ENOBUFS
  expect(sent).toBeGreaterThan(0);
  for (let i = 0; i < sent; i += 1) expect(receive(receiver).data).toBe(String(i));
});

test('a pair holds more than max_dgram_qlen: SO_SNDBUF bounds it', () => {
  using fds = new Descriptors();
  const [first] = fds.pair(raw.SOCK_DGRAM);
  const [sent, code] = fill((data) => raw.send(first, data));
  expect(code).toMatch(/EAGAIN|ENOBUFS/);
  expect(sent).toBeGreaterThan(11);
});
