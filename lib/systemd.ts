/**
 * What a service has to say to its manager, and gets from it: systemd, or whoever else speaks
 * sd_listen_fds(3) and sd_notify(3). All of it does nothing where no manager asked for it.
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
