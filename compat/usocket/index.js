// The interface of the package usocket, on afunix.
'use strict';

const { USocket } = require('./socket.js');
const { UServer } = require('./server.js');

exports.USocket = USocket;
exports.UServer = UServer;
