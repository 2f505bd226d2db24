/// <reference types="node" preserve="true" />

/**
 * Talks to the service manager: systemd, or another one that implements sd_listen_fds(3) and sd_notify(3).
 * Each function does nothing where no manager asked for it.
 *
 * @module
 */

export { ListenFd, type ListenFdsOptions, listenFds } from './systemd/listen-fds.js';
export {
  type BarrierOptions,
  barrier,
  type NotifyState,
  notify,
  removeFds,
  type StoreOptions,
  storeFds,
  watchdogInterval,
} from './systemd/notify.js';
