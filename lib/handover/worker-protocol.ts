// What a pool and its workers say to each other: a byte with a descriptor for each connection, and bytes back.
export { MAX_FDS } from '../core/fd-like.js';

/** The worker's end of the socket to its pool. */
export const WORKER_FD = 3;
/** Says to a worker that it is one. */
export const WORKER_VARIABLE = 'AFUNIX_WORKER_FD';
/** The worker's program runs, and waits for connections. */
export const UP: number = '*'.charCodeAt(0);
/** The worker owns the next connection, and has read nothing from it yet. */
export const TAKEN: number = '+'.charCodeAt(0);
/** The worker did not get the next connection, because it is out of descriptors. */
export const REFUSED: number = '!'.charCodeAt(0);
/** A connection has ended. */
export const ENDED: number = '-'.charCodeAt(0);
