import * as threads from 'node:worker_threads';

/**
 * Marks an object that another thread could not use: `postMessage()` and `structuredClone()` of it throw a
 * DataCloneError. Node 20 has no such mark, and makes a copy without a descriptor.
 */
export const markAsUncloneable: (value: object) => void =
  (threads as unknown as { markAsUncloneable?: (value: object) => void }).markAsUncloneable ??
  (() => {});
