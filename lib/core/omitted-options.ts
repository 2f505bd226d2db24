// Options that this package does not pass to Node.js, set to undefined. Node.js would read them from Object.prototype,
// even if it gets an object without a prototype, because it copies that.

/** The options of every stream. */
const OF_A_STREAM = {
  ...{ autoDestroy: undefined, construct: undefined, decodeStrings: undefined },
  ...{ defaultEncoding: undefined, destroy: undefined, emitClose: undefined, encoding: undefined },
  ...{ final: undefined, highWaterMark: undefined, objectMode: undefined, read: undefined },
  ...{ readableHighWaterMark: undefined, readableObjectMode: undefined, signal: undefined },
  ...{ writableHighWaterMark: undefined, writableObjectMode: undefined, write: undefined },
  ...{ writev: undefined },
};

/** The options of `fs.createReadStream()` and `fs.createWriteStream()`. */
export const OF_A_FILE_STREAM: object = {
  ...OF_A_STREAM,
  ...{ autoClose: undefined, end: undefined, flags: undefined, flush: undefined },
  ...{ mode: undefined, start: undefined },
};

const OF_NET = {
  ...{ allowHalfOpen: undefined, blockList: undefined, keepAlive: undefined },
  ...{ keepAliveInitialDelay: undefined, noDelay: undefined },
};

/** The options of `new net.Socket()`. */
export const OF_A_NET_SOCKET: object = {
  ...OF_A_STREAM,
  ...OF_NET,
  ...{ handle: undefined, manualStart: undefined, onread: undefined, pauseOnCreate: undefined },
};

/** The options of `net.createServer()`. */
export const OF_A_NET_SERVER: object = {
  ...OF_NET,
  ...{ highWaterMark: undefined, pauseOnConnect: undefined },
};
