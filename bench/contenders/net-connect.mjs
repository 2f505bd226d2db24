// What the contenders shaped like node:net share.
import nodeNet from 'node:net';
import { load } from '../afunix.mjs';

/** 'node' or 'afunix'. */
export const implementations = { node: () => nodeNet, afunix: () => load('net') };

/** A connection, whatever time it takes the server to make room for it. */
export function connect(createConnection, path) {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path, () => resolve(socket));
    socket.on('error', (error) => {
      // A full backlog.
      if (error.code !== 'EAGAIN') reject(error);
      else setTimeout(() => connect(createConnection, path).then(resolve, reject), 1);
    });
  });
}
