// The sockets of raw.mjs, and the model: what each has yet to receive.
import assert from 'node:assert/strict';
import { fstatSync, openSync, writeFileSync } from 'node:fs';
import * as raw from 'afunix/raw';
import { coded, enterScratch } from './common.mjs';

enterScratch();
/** What is sent beside the bytes. */
export const files = Array.from({ length: 6 }, (_, i) => {
  writeFileSync(`file-${i}`, '');
  return openSync(`file-${i}`, 'r');
});
const inodeOf = (fd) => fstatSync(fd).ino;
const inodes = files.map(inodeOf);

const { AF_UNIX, SOCK_STREAM, SOCK_DGRAM, MSG_PEEK } = raw;
export const calls = { ...raw };
let names = 0;
const newName = () => `\0afunix-fuzz-${process.pid}-${names++}`;

/** A socket, by one or more descriptors, and what it has yet to receive. */
class Endpoint {
  constructor(fd, type, name = '') {
    this.fds = [fd];
    this.type = type;
    this.name = name;
    this.inbox = [];
    this.peer = null;
    this.ended = false;
  }

  get stream() {
    return this.type === SOCK_STREAM;
  }

  get pending() {
    const lengths = this.inbox.map(({ data }) => data.length);
    if (this.type === SOCK_DGRAM) return lengths[0] ?? 0;
    return lengths.reduce((sum, length) => sum + length, 0);
  }

  /** It was told that nothing more can come. */
  end() {
    if (this.type !== SOCK_DGRAM) this.ended = true;
  }

  /** Compares the bytes of a stream with what was sent; returns the descriptors they carried. */
  takeBytes(bytes, peek) {
    let at = 0;
    const carried = [];
    for (const piece of this.inbox) {
      if (at === bytes.length) {
        if (!peek) break;
        // A look may show the next descriptors as well, beyond the bytes it was for (Linux 6.18).
        carried.push(...piece.inodes);
        if (piece.inodes.length > 0) break;
      }
      const part = piece.data.subarray(0, bytes.length - at);
      assert.ok(part.equals(bytes.subarray(at, at + part.length)), 'bytes');
      carried.push(...piece.inodes);
      at += part.length;
      if (peek) continue;
      piece.inodes = [];
      piece.data = piece.data.subarray(part.length);
    }
    assert.equal(at, bytes.length, 'bytes that nobody sent');
    if (!peek) this.inbox = this.inbox.filter(({ data }) => data.length > 0);
    return carried;
  }
}

export class World {
  endpoints = [];

  add(...endpoints) {
    this.endpoints.push(...endpoints);
  }

  connected(first, second) {
    first.peer = second;
    second.peer = first;
    this.add(first, second);
  }

  pair({ type }) {
    const [one, other] = raw.socketpair(AF_UNIX, type);
    this.connected(new Endpoint(one, type), new Endpoint(other, type));
  }

  bound() {
    const name = newName();
    const fd = raw.socket(AF_UNIX, SOCK_DGRAM);
    raw.bind(fd, name);
    assert.equal(raw.getsockname(fd).bytes.toString(), name);
    this.add(new Endpoint(fd, SOCK_DGRAM, name));
  }

  connection({ type }) {
    if (type === SOCK_DGRAM) return;
    const name = newName();
    const listener = raw.socket(AF_UNIX, type);
    raw.bind(listener, name);
    raw.listen(listener, 1);
    const client = raw.socket(AF_UNIX, type);
    raw.connect(client, name);
    const server = raw.accept(listener);
    raw.close(listener);
    assert.equal(raw.getpeername(client).bytes.toString(), name);
    this.connected(new Endpoint(client, type), new Endpoint(server, type, name));
  }

  /** One that is open, and one of its descriptors. */
  pick({ who, alias }) {
    const live = this.endpoints.filter(({ fds }) => fds.length > 0);
    if (live.length === 0) return {};
    const endpoint = live[who % live.length];
    return { endpoint, fd: endpoint.fds[alias % endpoint.fds.length] };
  }

  /** Where a send goes: to the peer, or to a datagram socket with a name. */
  target(endpoint, { to }) {
    if (endpoint.peer !== null) return endpoint.peer;
    const named = this.endpoints.filter(({ fds, name }) => fds.length > 0 && name !== '');
    const bound = named.filter(({ type }) => type === SOCK_DGRAM);
    return endpoint.type === SOCK_DGRAM ? bound[to % bound.length] : undefined;
  }

  delivered(from, target, data, which, sent) {
    if (sent === 0 && from.stream) return;
    assert.ok(target.fds.length > 0, 'sent to a closed socket');
    assert.ok(from.stream || sent === data.length, 'a message is sent whole');
    target.inbox.push({
      data: data.subarray(0, sent),
      inodes: which.map((i) => inodes[i]),
      from: from.name,
    });
  }

  send(step) {
    const { endpoint, fd } = this.pick(step);
    const target = endpoint && this.target(endpoint, step);
    if (target === undefined) return;
    try {
      this.sendTo(endpoint, fd, target, step);
    } catch (error) {
      // To a dead peer: the kernel forgets the peer, and with it what had come from it.
      if (error.code === 'ECONNREFUSED') endpoint.inbox = [];
      throw error;
    }
  }

  sendTo(endpoint, fd, target, step) {
    const address = endpoint.peer === null ? target.name : undefined;
    const messages = step.messages.map(({ sizes, which }, i) => {
      const buffers = sizes.map((size, j) => Buffer.alloc(size, this.endpoints.length + 7 * i + j));
      const data = Buffer.concat(buffers);
      // A stream would discard them.
      return { buffers, data, which: endpoint.stream && data.length === 0 ? [] : which };
    });
    const [{ data, buffers, which }] = messages;
    const outgoing = messages.map((message) => ({
      buffers: message.buffers,
      rights: message.which.map((i) => files[i]),
      address,
    }));
    // Of the last message a stream may take a part, and nothing says how much.
    if (step.call === 'sendmmsg' && !endpoint.stream) {
      const count = raw.sendmmsg(fd, outgoing);
      for (const message of messages.slice(0, count)) {
        this.delivered(endpoint, target, message.data, message.which, message.data.length);
      }
    } else if (step.call === 'sendmsg' || step.call === 'sendmmsg') {
      this.delivered(endpoint, target, data, which, raw.sendmsg(fd, outgoing[0]));
    } else if (address !== undefined) {
      this.delivered(endpoint, target, data, [], raw.sendto(fd, data, address));
    } else {
      this.delivered(endpoint, target, Buffer.concat(buffers), [], raw.send(fd, data));
    }
  }

  receive(step) {
    const { endpoint, fd } = this.pick(step);
    if (endpoint !== undefined) this.receiveOn(endpoint, fd, step);
  }

  receiveOn(endpoint, fd, { call, sizes, peek, room }) {
    const flags = peek ? MSG_PEEK : 0;
    const targets = sizes.map((list) => list.map((size) => Buffer.alloc(Math.max(size, 1))));
    const [[buffer]] = targets;
    try {
      if (call === 'recvmmsg') {
        const messages = raw.recvmmsg(fd, targets, flags, { controlLength: room });
        assert.ok(messages.length > 0);
        for (const [i, message] of messages.entries()) {
          this.arrived(endpoint, message, targets[i], peek, true);
        }
      } else if (call === 'recvmsg') {
        const message = raw.recvmsg(fd, { buffers: targets[0], controlLength: room }, flags);
        this.arrived(endpoint, message, targets[0], peek, true);
      } else if (call === 'recvfrom') {
        this.arrived(endpoint, raw.recvfrom(fd, buffer, flags), [buffer], peek, false);
      } else {
        this.arrived(endpoint, { length: raw.recv(fd, buffer, flags) }, [buffer], peek, false);
      }
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      assert.deepEqual(endpoint.inbox, [], 'something is there');
      assert.ok(!endpoint.ended, 'it has ended');
    }
  }

  /** Compares what came with what was sent. */
  arrived(endpoint, message, buffers, peek, withControl) {
    const { length, rights = [], controlTruncated, truncated, address } = message;
    const got = rights.map(inodeOf);
    for (const fd of rights) raw.close(fd);
    if (endpoint.inbox.length === 0) {
      assert.ok(endpoint.ended && length === 0 && got.length === 0, 'the end');
      return;
    }
    const bytes = Buffer.concat(buffers).subarray(0, length);
    let carried;
    if (endpoint.stream) {
      assert.ok(length > 0, 'there is more');
      carried = endpoint.takeBytes(bytes, peek);
    } else {
      const [head] = endpoint.inbox;
      if (!peek) endpoint.inbox.shift();
      const size = buffers.reduce((sum, part) => sum + part.length, 0);
      assert.ok(bytes.equals(head.data.subarray(0, size)), 'the message');
      if (truncated !== undefined) assert.equal(truncated, head.data.length > size);
      if (address !== undefined && endpoint.type === SOCK_DGRAM) {
        assert.equal(address.bytes.toString(), head.from);
      }
      carried = head.inodes;
    }
    if (!withControl) return;
    assert.deepEqual(got, carried.slice(0, got.length), 'descriptors');
    if (!(peek && endpoint.stream)) {
      assert.equal(controlTruncated, got.length < carried.length, 'descriptors lost');
    }
  }

  dup(step) {
    const { endpoint, fd } = this.pick(step);
    if (endpoint !== undefined && endpoint.fds.length < 3) endpoint.fds.push(raw.dup(fd));
  }

  close(step) {
    const { endpoint, fd } = this.pick(step);
    if (endpoint === undefined) return;
    raw.close(fd);
    endpoint.fds.splice(endpoint.fds.indexOf(fd), 1);
    if (endpoint.fds.length > 0) return;
    endpoint.inbox = [];
    endpoint.peer?.end();
  }

  shutdown(step) {
    const { endpoint, fd } = this.pick(step);
    if (endpoint === undefined) return;
    raw.shutdown(fd, step.how);
    if (step.how !== raw.SHUT_WR) endpoint.end();
    if (step.how !== raw.SHUT_RD) endpoint.peer?.end();
  }

  look(step) {
    const { endpoint, fd } = this.pick(step);
    if (endpoint === undefined) return;
    assert.equal(raw.ioctl(fd, raw.SIOCINQ), endpoint.pending, 'SIOCINQ');
    assert.equal(raw.getsockopt(fd, raw.SOL_SOCKET, raw.SO_TYPE), endpoint.type);
    assert.equal(raw.getsockname(fd).bytes.toString(), endpoint.name);
    assert.ok((raw.fstat(fd).mode & 0o170000) === 0o140000);
  }

  /** Any call with anything, on sockets of its own. */
  garble({ garbage, type }) {
    const made = raw.socketpair(AF_UNIX, type);
    for (const { name, args, own, message } of garbage) {
      // No descriptor but these: any other number could be one of Node's.
      const first = own && name !== 'close' ? made[0] : args[0];
      const rest = message === null ? args : [message, ...args];
      const onDescriptor = !name.startsWith('socket');
      if (onDescriptor && !own && typeof first === 'number') continue;
      try {
        release(name, onDescriptor ? calls[name](first, ...rest) : calls[name](...args));
      } catch (error) {
        coded(error);
      }
    }
    for (const fd of made) raw.close(fd);
  }

  /** Takes what is left, compares, closes. */
  finish() {
    for (const endpoint of this.endpoints) {
      const [fd] = endpoint.fds;
      const all = { call: 'recvmsg', sizes: [[250_000]], peek: false, room: undefined };
      for (let most = 1000; fd !== undefined && endpoint.inbox.length > 0; most--) {
        assert.ok(most > 0, 'it does not come');
        try {
          this.receiveOn(endpoint, fd, all);
        } catch (error) {
          coded(error); // ECONNRESET, before what a packet socket still has
        }
      }
    }
    this.closeAll();
  }

  closeAll() {
    for (const { fds } of this.endpoints) for (const fd of fds.splice(0)) raw.close(fd);
  }
}

/** What a call returned is the caller's to close. */
function release(name, result) {
  if (['socket', 'accept', 'dup'].includes(name)) raw.close(result);
  if (name === 'socketpair') for (const fd of result) raw.close(fd);
  const messages = name === 'recvmmsg' ? result : name === 'recvmsg' ? [result] : [];
  for (const { rights, pidfd } of messages) {
    for (const fd of rights) raw.close(fd);
    if (pidfd !== null) raw.close(pidfd);
  }
}
