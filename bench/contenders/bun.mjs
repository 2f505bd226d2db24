// Bun's own streams. `way`: 'trip', or 'bulk' (one way).
const { Bun } = globalThis;

export function server({ path, size, count, way }) {
  const message = way === 'trip' ? Buffer.alloc(size, 1) : '.';
  const whole = way === 'trip' ? size : size * count;
  let left = whole;
  Bun.listen({
    unix: path,
    socket: {
      data(socket, data) {
        left -= data.length;
        if (left > 0) return;
        left += whole;
        socket.write(message);
      },
    },
  });
}

export async function client({ path, size, count, way }) {
  const message = Buffer.alloc(size, 1);
  let received;
  let drained;
  const socket = await Bun.connect({
    unix: path,
    socket: { data: (_, data) => received(data.length), drain: () => drained() },
  });
  if (way === 'bulk') {
    return () =>
      new Promise((resolve) => {
        let left = size * count;
        received = resolve;
        drained = () => {
          while (left > 0) {
            const rest = left % size || size;
            const written = socket.write(message, size - rest, rest);
            left -= written;
            if (written < rest) return;
          }
        };
        drained();
      });
  }
  return () =>
    new Promise((resolve) => {
      let left = count;
      let unread = size;
      received = (length) => {
        unread -= length;
        if (unread > 0) return;
        unread = size;
        if (--left > 0) socket.write(message);
        else resolve();
      };
      socket.write(message);
    });
}
