// What a CommonJS project can do with every version of TypeScript.
import type { UnixStream } from 'afunix' with { 'resolution-mode': 'import' };

async function connect(path: string): Promise<UnixStream> {
  const { UnixStream } = await import('afunix');
  return await UnixStream.connect(path);
}

export = { connect };
