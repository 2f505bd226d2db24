// What a program that the command runs learns of the peer.
import type { Who } from './notes.js';

/** Returns the variables that describe a peer: AFUNIX_PEER_PID, _UID, _GID and _ADDRESS. */
export function peerEnvironment({ from, credentials }: Who): Record<string, string> {
  return {
    ...(from === undefined ? {} : { AFUNIX_PEER_ADDRESS: from }),
    ...(credentials === null
      ? {}
      : {
          AFUNIX_PEER_PID: String(credentials.pid),
          AFUNIX_PEER_UID: String(credentials.uid),
          AFUNIX_PEER_GID: String(credentials.gid),
        }),
  };
}
