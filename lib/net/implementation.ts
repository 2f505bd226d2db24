import type { Connection } from './connection.js';

/** What a `Socket` needs of the object that does its work. */
export type SocketImplementation = Pick<
  Connection,
  | 'adopt'
  | 'attachDescriptors'
  | 'bytesRead'
  | 'bytesWritten'
  | 'close'
  | 'connect'
  | 'describe'
  | 'fd'
  | 'finish'
  | 'open'
  | 'readsIntoOwnMemory'
  | 'setIdleTimeout'
  | 'setReference'
  | 'startReading'
  | 'stats'
  | 'stopReading'
  | 'write'
  | 'writeMany'
>;
