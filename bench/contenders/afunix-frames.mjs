// Frames of `size` bytes that one process fills and the other adds up. `way`: 'memory' that both have, with a byte on a
// stream to say that a frame is there, or 'bytes' on the stream. Each frame is answered with a byte.
import { load } from '../afunix.mjs';

const { FileDescriptor, UnixListener, UnixStream } = await load('index');

function add(frame) {
  const words = new Uint32Array(frame.buffer, frame.byteOffset, frame.byteLength / 4);
  let sum = 0;
  for (let index = 0; index < words.length; index += 16) sum += words[index];
  return sum;
}

const consumers = {
  async memory(stream) {
    const { fds } = await stream.receive();
    const frame = new Uint8Array(fds[0].map({ writable: true }).buffer);
    fds[0].close();
    const byte = Buffer.alloc(1);
    return async () => ((await stream.read(byte)) === null ? undefined : frame);
  },
  bytes(stream, { size }) {
    return () => stream.readExactly(size).catch(() => undefined);
  },
};

const producers = {
  async memory(stream, { size }) {
    const memory = FileDescriptor.memory(size);
    await stream.write('f', { fds: [memory] });
    const frame = new Uint8Array(memory.map({ writable: true }).buffer);
    return { frame, send: () => stream.write('.') };
  },
  bytes(stream, { size }) {
    const frame = Buffer.alloc(size);
    return { frame, send: () => stream.write(frame) };
  },
};

export async function server(options) {
  const listener = await UnixListener.bind(options.path, { maxFds: 1 });
  consume();

  async function consume() {
    for await (const stream of listener) {
      const next = await consumers[options.way](stream, options);
      for (let frame = await next(); frame; frame = await next()) {
        await stream.write(Buffer.of(add(frame) % 251));
      }
    }
  }
}

export async function client(options) {
  const stream = await UnixStream.connect(options.path);
  const { frame, send } = await producers[options.way](stream, options);
  return async () => {
    let answer;
    for (let left = options.count; left > 0; left--) {
      frame.fill(left);
      await send();
      answer = await stream.read();
    }
    if (answer[0] !== add(frame) % 251) throw new Error('the frame is not what was sent');
  };
}
