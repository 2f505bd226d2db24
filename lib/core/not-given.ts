// Options that are not given to Node.js. It reads them from Object.prototype where an object has none of its own,
// also where that object has no prototype: it copies what it gets.

/** Of every stream. */
const OF_A_STREAM = {
  ...{ autoDestroy: undefined, construct: undefined, decodeStrings: undefined },
  ...{ defaultEncoding: undefined, destroy: undefined, emitClose: undefined, encoding: undefined },
  ...{ final: undefined, highWaterMark: undefined, objectMode: undefined, read: undefined },
  ...{ readableHighWaterMark: undefined, readableObjectMode: undefined, signal: undefined },
  ...{ writableHighWaterMark: undefined, writableObjectMode: undefined, write: undefined },
  ...{ writev: undefined },
};

/** Of `fs.createReadStream()` and `fs.createWriteStream()`. */
export const OF_A_FILE_STREAM: object = {
  ...OF_A_STREAM,
  ...{ autoClose: undefined, end: undefined, flags: undefined, flush: undefined },
  ...{ mode: undefined, start: undefined },
};

const OF_NET = {
  ...{ allowHalfOpen: undefined, blockList: undefined, keepAlive: undefined },
  ...{ keepAliveInitialDelay: undefined, noDelay: undefined },
};

/** Of `new net.Socket()`. */
export const OF_A_NET_SOCKET: object = {
  ...OF_A_STREAM,
  ...OF_NET,
  ...{ handle: undefined, manualStart: undefined, onread: undefined, pauseOnCreate: undefined },
};

/** Of `net.createServer()`. */
export const OF_A_NET_SERVER: object = {
  ...OF_NET,
  ...{ highWaterMark: undefined, pauseOnConnect: undefined },
};
