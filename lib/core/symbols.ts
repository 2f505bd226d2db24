// Keys of what the public classes keep for themselves. A string could be the name of a property that a program gives
// to its own object or subclass.

/** The object that does the work of a public one, which only hands calls on. */
export const kImplementation: unique symbol = Symbol('afunix.implementation');

// Members of every socket.
/** The open handle. */
export const kHandle: unique symbol = Symbol('afunix.handle');
/** The socket that diagnostics name. */
export const kPublic: unique symbol = Symbol('afunix.public');
/** Returns the handle. Throws `ERR_SOCKET_CLOSED` once the socket is closed. */
export const kLive: unique symbol = Symbol('afunix.live');
/** The checked options of receiving. */
export const kReceives: unique symbol = Symbol('afunix.receives');
/** The bytes of a message that are received; 0: all of them. */
export const kMaxMessageSize: unique symbol = Symbol('afunix.maxMessageSize');
/** Handles the event of a readable handle. */
export const kOnReadable: unique symbol = Symbol('afunix.onReadable');
/** Handles the event of a writable handle. */
export const kOnWritable: unique symbol = Symbol('afunix.onWritable');
/** Rejects what is pending. */
export const kRejectAll: unique symbol = Symbol('afunix.rejectAll');
/** How many messages or connections were received and not taken. */
export const kUnread: unique symbol = Symbol('afunix.unread');
/** How much waits to be sent. */
export const kQueued: unique symbol = Symbol('afunix.queued');
/** Whether the socket keeps the process alive while something is awaited on it. */
export const kReferenced: unique symbol = Symbol('afunix.referenced');
/** Sets whether the socket keeps the process alive while something is awaited on it. */
export const kSetReference: unique symbol = Symbol('afunix.setReference');
/** The timer of an attempt that is repeated. */
export const kTimer: unique symbol = Symbol('afunix.timer');
/** Names the socket in warnings and traces. */
export const kDescribe: unique symbol = Symbol('afunix.describe');
/** Closes the socket at once. */
export const kShut: unique symbol = Symbol('afunix.shut');
/** Gives the open handle away. */
export const kRelease: unique symbol = Symbol('afunix.release');
/** Sets the address of the peer, or undefined for none. */
export const kSetPeerAddress: unique symbol = Symbol('afunix.setPeerAddress');
/** Gives an accepted connection the address of its listener. */
export const kPassLocalAddress: unique symbol = Symbol('afunix.passLocalAddress');
/** Arms the event that the first waiting call needs, or disarms it. */
export const kRearm: unique symbol = Symbol('afunix.rearm');

// Members of sockets that receive messages.
/** Makes message `index` of the slab. */
export const kMessageAt: unique symbol = Symbol('afunix.messageAt');
/** The options that `onMessages()` takes. */
export const kOnMessagesOptions: unique symbol = Symbol('afunix.onMessagesOptions');
/** Hands on an error that belongs to receiving. */
export const kReport: unique symbol = Symbol('afunix.report');
/** Reports an error of the connected peer that a send to another address fetched. */
export const kOnPeerReset: unique symbol = Symbol('afunix.onPeerReset');
/** Throws the last error that was reported, unless somebody got it. */
export const kThrowReported: unique symbol = Symbol('afunix.throwReported');

// Members of listeners.
/** Sets `authorize`, and what connections receive. */
export const kConfigure: unique symbol = Symbol('afunix.configure');
/** The checked options of receiving, of its connections. */
export const kConnectionReceives: unique symbol = Symbol('afunix.connectionReceives');
/** Accepts nothing more, and closes once all that was accepted is handed over. */
export const kRetire: unique symbol = Symbol('afunix.retire');
/** Makes the socket of an accepted connection. */
export const kWrap: unique symbol = Symbol('afunix.wrap');

// Members of descriptors.
/** Has the descriptor closed when its owner is collected. */
export const kWatch: unique symbol = Symbol('afunix.watch');
