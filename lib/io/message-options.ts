// Options of the sockets that keep messages apart, and their checks.
import type { UnixAddress } from '../core/address.js';
import { invalidArgType, type SystemError } from '../core/errors.js';
import { Known, type Names } from '../core/known.js';
import { integer, optionsOf, type Parsed } from '../core/validate.js';
import {
  type AdoptListenerOptions,
  BIND,
  type BindOptions,
  RECEIVE,
  type ReceiveOptions,
} from './options.js';

/** How much may wait to be sent to one destination. */
export interface SendQueueLimit {
  /** Bytes of the messages, without overhead. Default 16 MiB. */
  bytes?: number;
  /** Messages. Default 65,536. */
  messages?: number;
}

/** How messages are received and sent. */
export interface MessageOptions extends ReceiveOptions {
  /**
   * The bytes of a message that are received; a longer one is cut and says `truncated`. Default: all
   * of them, whatever the system's limit.
   */
  maxMessageSize?: number;
  /**
   * Each message has the time at which it was sent, `timestamp` (SO_TIMESTAMP in socket(7), Linux); one that was sent before
   * the socket was adopted, or the connection accepted, the time at which it was received. Default false.
   * ERR_FEATURE_UNAVAILABLE_ON_PLATFORM where `features().timestamps` is false.
   */
  timestamps?: boolean;
  /** How much may wait for each destination. Over this limit `send` and `sendMany` reject with ENOBUFS. */
  sendQueueLimit?: SendQueueLimit;
}

/** A change of the connection to a datagram peer. */
export interface ConnectionChange {
  /** True if the peer is there again, false if it is gone. */
  connected: boolean;
  /** The address of the peer, as passed to `connect`. */
  address: UnixAddress;
  /** The error that showed that the peer went, such as ECONNREFUSED. Null when the peer is there again. */
  error: SystemError | null;
}

/** Options of a datagram socket. */
export interface DatagramOptions extends MessageOptions {
  /**
   * Connects again, by itself, to a peer that went: the messages to it wait, and the first tries, at
   * once and then with back-off (1 to 64 ms), until someone is bound there again. What the old peer
   * had not received yet is lost with it. Default false: the send that finds it gone rejects.
   */
  reconnect?: boolean;
  /** With `reconnect`: called when the peer is found to be gone, and when it is there again. */
  onConnectionChange?: (change: ConnectionChange) => void;
}

/** Options of a datagram socket that is bound. */
export interface BindDatagramOptions extends BindOptions, DatagramOptions {}

/** Options of a datagram socket that is taken over. */
export interface AdoptDatagramOptions
  extends DatagramOptions,
    Pick<AdoptListenerOptions, 'unlinkOnClose'> {}

/** Checked `MessageOptions`. */
export interface MessageSettings {
  /** 0: no limit. */
  maxMessageSize: number;
  sendQueueLimit: Readonly<Required<SendQueueLimit>>;
}

/** Checked `DatagramOptions`, but for those of `ReceiveOptions`. */
export interface DatagramSettings extends MessageSettings {
  reconnect: boolean;
  onConnectionChange: ((change: ConnectionChange) => void) | undefined;
}

export const MESSAGES: Names<MessageOptions> = {
  ...RECEIVE,
  maxMessageSize: 1,
  timestamps: 1,
  sendQueueLimit: 1,
};
export const DATAGRAM: Names<DatagramOptions> = {
  ...MESSAGES,
  reconnect: 1,
  onConnectionChange: 1,
};
export const ADOPT_DATAGRAM: Names<AdoptDatagramOptions> = { ...DATAGRAM, unlinkOnClose: 1 };
export const BIND_DATAGRAM: Names<BindDatagramOptions> = { ...BIND, ...DATAGRAM };
const LIMIT = new Known<SendQueueLimit>('sendQueueLimit', { bytes: 1, messages: 1 });

const MAX = 2147483647;
const defaultLimit = Object.freeze({ bytes: 16 * 1024 * 1024, messages: 65_536 });

export function messageSettings(options: Parsed<MessageOptions>): MessageSettings {
  const { maxMessageSize, sendQueueLimit } = options;
  return {
    maxMessageSize:
      maxMessageSize === undefined ? 0 : integer('options.maxMessageSize', maxMessageSize, 1, MAX),
    sendQueueLimit: sendQueueLimit === undefined ? defaultLimit : limitOf(sendQueueLimit),
  };
}

function limitOf(limit: SendQueueLimit): Required<SendQueueLimit> {
  const { bytes, messages } = optionsOf(limit, LIMIT, 'options.sendQueueLimit');
  const count = (name: string, value: number | undefined, fallback: number): number =>
    value === undefined ? fallback : integer(`options.sendQueueLimit.${name}`, value, 0, MAX);
  return {
    bytes: count('bytes', bytes, defaultLimit.bytes),
    messages: count('messages', messages, defaultLimit.messages),
  };
}

export function datagramSettings(options: Parsed<DatagramOptions>): DatagramSettings {
  const { reconnect = false, onConnectionChange } = options;
  if (typeof reconnect !== 'boolean') {
    throw invalidArgType('options.reconnect', 'of type boolean', reconnect);
  }
  if (onConnectionChange !== undefined && typeof onConnectionChange !== 'function') {
    throw invalidArgType('options.onConnectionChange', 'of type function', onConnectionChange);
  }
  return { ...messageSettings(options), reconnect, onConnectionChange };
}
