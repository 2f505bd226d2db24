// The addon's state in one environment (the main thread, or a worker): nothing is shared between
// two, and all of it goes when the environment does.
#pragma once

#include <node_api.h>

#include "loop/poller.h"
#include "raw/blocking.h"
#include "socket/owned_descriptors.h"
#include "socket/socket_table.h"

namespace afunix {

class Addon {
 public:
  explicit Addon(napi_env env) : loop_(env), sockets_(env, &loop_, &owned_, &blocking_) {}
  Addon(const Addon&) = delete;
  Addon& operator=(const Addon&) = delete;

  // Defines the properties of `Addon` in lib/native/addon.ts. False: an exception is pending.
  bool Export(napi_env env, napi_value exports);
  // Has Teardown() run at the environment's end.
  bool HookTeardown(napi_env env);

 private:
  // Before the environment's loop ends: closes everything, and holds the loop until it has let go.
  void Teardown();

  PollLoop loop_;
  OwnedDescriptors owned_;
  BlockingDescriptors blocking_;
  SocketTable sockets_;
  napi_async_cleanup_hook_handle teardown_ = nullptr;
};

}  // namespace afunix
