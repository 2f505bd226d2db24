'use strict';

const { isIP } = require('node:net');
const raw = require('afunix/raw');
const { rewording } = require('./errors.js');

/** Throws: afunix has no TCP. Node.js itself has SO_REUSEPORT by now. */
function createReuseportFd(_port = 0, host = '0.0.0.0') {
  if (!isIP(host)) throw new Error('invalid host');
  const message =
    'createReuseportFd() makes a TCP socket, which @afunix/node-unix-socket cannot: it has Unix sockets only. ' +
    'Use server.listen({ port, host, reusePort: true }) of Node.js 22.12 or later instead';
  throw Object.assign(new Error(message), { code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' });
}

/**
 * Closes a descriptor.
 * @param {number} fd
 */
function closeFd(fd) {
  rewording(() => raw.close(fd));
}

exports.closeFd = closeFd;
exports.createReuseportFd = createReuseportFd;
