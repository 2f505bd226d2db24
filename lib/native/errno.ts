// The error numbers that the code compares with, negative, as system calls of the addon return them.
import { native } from './binding.js';

function errno(name: string): number {
  const number = native.errnos[name];
  if (number === undefined) throw new Error(`this system has no error ${name}`);
  return -number;
}

export const EACCES: number = errno('EACCES');
export const EADDRINUSE: number = errno('EADDRINUSE');
export const EAGAIN: number = errno('EAGAIN');
export const EBADF: number = errno('EBADF');
export const ECANCELED: number = errno('ECANCELED');
export const ECONNABORTED: number = errno('ECONNABORTED');
export const ECONNREFUSED: number = errno('ECONNREFUSED');
export const ECONNRESET: number = errno('ECONNRESET');
export const EDESTADDRREQ: number = errno('EDESTADDRREQ');
export const EFBIG: number = errno('EFBIG');
export const EINVAL: number = errno('EINVAL');
export const EMFILE: number = errno('EMFILE');
export const ENFILE: number = errno('ENFILE');
export const EMSGSIZE: number = errno('EMSGSIZE');
export const ENOBUFS: number = errno('ENOBUFS');
export const ENODATA: number = errno('ENODATA');
export const ENOENT: number = errno('ENOENT');
export const ENOMEM: number = errno('ENOMEM');
export const ENOPROTOOPT: number = errno('ENOPROTOOPT');
export const ENOSYS: number = errno('ENOSYS');
export const ENOTCONN: number = errno('ENOTCONN');
export const ENOTSOCK: number = errno('ENOTSOCK');
export const ENOTTY: number = errno('ENOTTY');
export const EOPNOTSUPP: number = errno('EOPNOTSUPP');
export const EPERM: number = errno('EPERM');
export const EPIPE: number = errno('EPIPE');
export const ERANGE: number = errno('ERANGE');
export const ESHUTDOWN: number = errno('ESHUTDOWN');
export const ESRCH: number = errno('ESRCH');
export const ETIMEDOUT: number = errno('ETIMEDOUT');
