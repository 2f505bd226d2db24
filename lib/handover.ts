/// <reference types="node" preserve="true" />

/**
 * Restarts servers without a lost connection, and spreads connections over worker processes.
 *
 * @module
 */

export { Handover, type ReadyOptions } from './handover/handover.js';
export type { HandoverListenOptions } from './handover/listen.js';
export {
  type WorkerInfo,
  WorkerPool,
  type WorkerPoolEvents,
  type WorkerPoolOptions,
} from './handover/pool.js';
export type { AnyServer } from './handover/retire.js';
export {
  type ConnectionHandler,
  type ServeConnectionsOptions,
  serveConnections,
} from './handover/serve-connections.js';
export { type TakeOverOptions, takeOver } from './handover/take-over.js';
