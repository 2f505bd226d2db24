// What postMessage() and structuredClone() must leave where it is.
import * as threads from 'node:worker_threads';

// Newer than the types of Node 20.
const { markAsUncloneable: mark, isMarkedAsUntransferable: isMarked } = threads as unknown as {
  markAsUncloneable?: (value: object) => void;
  isMarkedAsUntransferable?: (value: object) => boolean;
};

/**
 * Marks an object that another thread could not use: `postMessage()` and `structuredClone()` of it throw a
 * DataCloneError. Node 20 has no such mark, and makes a copy without a descriptor.
 */
export const markAsUncloneable: (value: object) => void = mark ?? (() => {});

/** Whether it was marked by `markAsUntransferable()`. Node 20 does not tell: false. */
export const isMarkedAsUntransferable: (value: object) => boolean = isMarked ?? (() => false);
