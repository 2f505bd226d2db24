/**
 * Iterates over the messages that `receive` resolves with, to the null at the end of a connection or until `socket` is
 * closed here.
 */
export function messagesOf<M>(
  socket: { readonly closed: boolean },
  receive: () => Promise<M | null>,
): AsyncIterableIterator<M, void, void> {
  // An async generator would put three promises between a message and its reader.
  let done = false;
  const result = (message: M | null): IteratorResult<M, void> => {
    if (message !== null) return { value: message, done: false };
    done = true;
    return { value: undefined, done: true };
  };
  const failed = (error: unknown): IteratorResult<M, void> => {
    done = true;
    if (socket.closed) return { value: undefined, done: true };
    throw error;
  };
  return {
    next: () => (done ? Promise.resolve(result(null)) : receive().then(result, failed)),
    return: () => {
      done = true;
      return Promise.resolve(result(null));
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
