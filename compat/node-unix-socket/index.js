// The interface of the package node-unix-socket, on afunix.
'use strict';

const { DgramSocket } = require('./dgram.js');
const { SeqpacketServer, SeqpacketSocket } = require('./seqpacket.js');
const { closeFd, createReuseportFd } = require('./tcp.js');

exports.DgramSocket = DgramSocket;
exports.SeqpacketSocket = SeqpacketSocket;
exports.SeqpacketServer = SeqpacketServer;
exports.createReuseportFd = createReuseportFd;
exports.closeFd = closeFd;
