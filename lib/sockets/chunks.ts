/** What a stream is read from. */
interface Readable {
  readonly closed: boolean;
  read(): Promise<Buffer | null>;
}

/** Yields what is read, to the end of the stream or until it is closed here. */
export async function* chunksOf(stream: Readable): AsyncGenerator<Buffer, void, void> {
  for (;;) {
    let chunk: Buffer | null;
    try {
      chunk = await stream.read();
    } catch (error) {
      if (stream.closed) return;
      throw error;
    }
    if (chunk === null) return;
    yield chunk;
  }
}
