import { Buffer } from 'node:buffer';
import { posix } from 'node:path';
import { inspect, types } from 'node:util';
import { bare } from '../native/bare.js';
import { native } from '../native/binding.js';
import { CONSTRUCTING, checkConstructing } from './constructing.js';
import { invalidArgType, invalidArgValue } from './errors.js';

/**
 * Names a socket: a pathname, or an abstract name when it begins with a NUL, as in `node:net`. `'@name'` is a
 * path here; write `'\0name'`. Strings are encoded as UTF-8; a `Uint8Array` is taken byte for byte.
 */
export type AddressLike = string | Uint8Array | UnixAddress;

const PATH_MAX = 4096; // linux/limits.h: with the terminating NUL
/** Matches parts of a name that may lead nowhere, or elsewhere than to its socket. */
const SUSPICIOUS = /self\/|\/fd\/|\.afunix-tmp-/;
/** Matches folders in which each process finds files of its own. */
const OWN_TO_EACH = /^\/(?:proc\/(?:self|thread-self)|dev\/fd)\//;
/** Matches a name that is renamed away as soon as it is bound: src/sys/temporary_name.h. */
const MOVED = /(?:^|\/)\.afunix-tmp-[0-9a-f]{16}$/;

let hasBytes: (value: object) => boolean;

/** Returns the bytes themselves, not a copy: for system calls. Empty for the unnamed address. */
export let bytesOfAddress: (address: UnixAddress) => Buffer;

/** Returns the bytes as a string, one character each: the key of a map. Empty for the unnamed address. */
export let keyOfAddress: (address: UnixAddress) => string;

/** The string that was parsed last, and its address: a program sends to one address many times. */
let lastText = '';
let lastAddress: UnixAddress;

/**
 * An address of a Unix domain socket. Immutable, parsed once: who sends to several addresses in turn saves
 * time by it. Of strings only the last one is remembered. See unix(7).
 */
export class UnixAddress {
  /** The unnamed address, of a socket that was never bound. */
  static readonly unnamed: UnixAddress = new UnixAddress(CONSTRUCTING, 'unnamed', Buffer.alloc(0));

  /** The kind of address. */
  readonly kind: 'pathname' | 'abstract' | 'unnamed';
  readonly #bytes: Buffer;
  #path: string | null | undefined;
  #key: string | undefined;

  /** @internal Use {@link UnixAddress.from}, `pathname` or `abstract`. */
  constructor(key: typeof CONSTRUCTING, kind: UnixAddress['kind'], bytes: Buffer) {
    checkConstructing(key, 'UnixAddress', 'UnixAddress.from(), pathname() or abstract()');
    this.kind = kind;
    this.#bytes = bytes;
  }

  /**
   * Makes the address of a pathname of 1 to 4,095 bytes. Those longer than `sun_path` (108 bytes on Linux, 104 on
   * macOS) work, too; macOS itself takes up to 1,023 bytes. Throws `ERR_INVALID_ARG_VALUE` for an empty or longer one,
   * and for one that holds a NUL, which the kernel would cut there.
   */
  static pathname(path: string | Uint8Array): UnixAddress {
    checkType('path', path);
    if (path.length === 0) throw invalidArgValue('path', 'must not be empty', path);
    const bytes = Buffer.from(path);
    if (bytes.includes(0)) {
      throw invalidArgValue('path', 'must not contain a NUL byte, which would cut it', path);
    }
    if (bytes.length >= PATH_MAX) {
      throw invalidArgValue('path', `must be shorter than ${PATH_MAX} bytes`, path);
    }
    return new UnixAddress(CONSTRUCTING, 'pathname', bytes);
  }

  /**
   * Makes the address of an abstract name (Linux): exactly these bytes, 0 to 107 of them, without the leading NUL. NULs
   * inside are part of the name. Throws `ERR_INVALID_ARG_VALUE` when it is longer.
   */
  static abstract(name: string | Uint8Array): UnixAddress {
    checkType('name', name);
    const bytes = Buffer.from(name);
    if (bytes.length > native.layout.maxPath - 1) {
      throw invalidArgValue('name', `must be at most ${native.layout.maxPath - 1} bytes`, name);
    }
    return new UnixAddress(CONSTRUCTING, 'abstract', Buffer.concat([Buffer.from([0]), bytes]));
  }

  /** Returns the address that `value` names. A `UnixAddress` is returned as it is. */
  static from(value: AddressLike): UnixAddress {
    if (isUnixAddress(value)) return value;
    checkType('address', value);
    if (typeof value !== 'string') {
      return value[0] === 0 ? UnixAddress.abstract(value.subarray(1)) : UnixAddress.pathname(value);
    }
    if (value !== lastText || value === '') {
      const abstract = value.charCodeAt(0) === 0;
      lastAddress = abstract ? UnixAddress.abstract(value.slice(1)) : UnixAddress.pathname(value);
      // Not `value`: V8 may have it as a part of a text, and would keep the whole text.
      lastText = bytesOfAddress(lastAddress).toString();
    }
    return lastAddress;
  }

  static {
    hasBytes = (value) => #bytes in value;
    bytesOfAddress = (address) => address.#bytes;
    keyOfAddress = (address) => {
      address.#key ??= address.#bytes.toString('latin1');
      return address.#key;
    };
  }

  /** The pathname, decoded as UTF-8; `bytes` has it exactly. Null for the other kinds. */
  get path(): string | null {
    if (this.#path === undefined) {
      this.#path = this.kind === 'pathname' ? this.#bytes.toString() : null;
    }
    return this.#path;
  }

  /** The exact bytes, a copy: a pathname, an abstract name with its leading NUL, or none. */
  get bytes(): Buffer {
    return Buffer.from(this.#bytes);
  }

  /** Whether `other` is the same address, byte for byte. */
  equals(other: unknown): boolean {
    return isUnixAddress(other) && this.#bytes.equals(other.#bytes);
  }

  /** Returns `'/run/x.sock'`, `'@name'` (NULs as `@`, as in /proc/net/unix), or `''`. */
  toString(): string {
    return this.kind === 'abstract'
      ? this.#bytes.toString().replaceAll('\0', '@')
      : (this.path ?? '');
  }

  /** Returns the same as `toString()`. */
  toJSON(): string {
    return this.toString();
  }
}

const description: PropertyDescriptor = bare({
  value(this: UnixAddress): string {
    return this.kind === 'unnamed'
      ? 'UnixAddress { unnamed }'
      : `UnixAddress { ${this.kind} ${JSON.stringify(this.toString())} }`;
  },
});
Object.defineProperty(UnixAddress.prototype, inspect.custom, description);

function checkType(name: string, value: unknown): asserts value is string | Uint8Array {
  if (typeof value !== 'string' && !types.isUint8Array(value)) {
    throw invalidArgType(name, 'of type string or an instance of Uint8Array or UnixAddress', value);
  }
}

const SLASH = 0x2f;

/** Whether `value` is an address. Never throws, as `instanceof` does for a revoked proxy. */
export function isUnixAddress(value: unknown): value is UnixAddress {
  return typeof value === 'object' && value !== null && hasBytes(value);
}

/** Returns the address of exactly these bytes. */
export function addressOfBytes(bytes: Uint8Array): UnixAddress {
  if (bytes.length === 0) return UnixAddress.unnamed;
  const kind = bytes[0] === 0 ? 'abstract' : 'pathname';
  return new UnixAddress(CONSTRUCTING, kind, Buffer.from(bytes));
}

/**
 * Returns the address that the kernel reports for a socket. Unnamed if it cannot name that socket here: a path that
 * means another file to each process, as a relative one does, or a name that was renamed away.
 */
export function addressFromKernel(bytes: Uint8Array): UnixAddress {
  const address = addressOfBytes(bytes);
  return address.kind === 'pathname' && isMisleading(bytesOfAddress(address))
    ? UnixAddress.unnamed
    : address;
}

/**
 * Returns the address as it is from any folder: a relative pathname is made absolute. Undefined where the working
 * directory has no name, or none that a string can hold.
 */
export function absoluteAddress(address: UnixAddress): UnixAddress | undefined {
  const bytes = bytesOfAddress(address);
  if (address.kind !== 'pathname' || bytes[0] === SLASH) return address;
  try {
    const folder = process.cwd();
    if (folder.includes('\ufffd')) return undefined;
    const prefix = Buffer.from(folder.endsWith('/') ? folder : `${folder}/`);
    return addressOfBytes(Buffer.concat([prefix, bytes]));
  } catch {
    return undefined;
  }
}

function isMisleading(path: Buffer): boolean {
  // A relative path is one of the working directory of the process that bound it.
  if (path[0] !== SLASH) return true;
  const text = path.toString('latin1');
  if (!SUSPICIOUS.test(text)) return false;
  return MOVED.test(text) || OWN_TO_EACH.test(posix.normalize(text));
}

/** Whether `value` is of a type that can name a socket. */
export function isAddressLike(value: unknown): value is AddressLike {
  return typeof value === 'string' || types.isUint8Array(value) || isUnixAddress(value);
}

/** Returns the bytes of an address for a system call. Empty for the unnamed one. */
export function addressBytes(value: AddressLike): Uint8Array {
  return bytesOfAddress(UnixAddress.from(value));
}
