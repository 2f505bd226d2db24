// The addon's state in one environment (the main thread, or a worker): nothing is shared between
// two, and all of it goes when the environment does.
#pragma once

#include <napi.h>

#include <unordered_set>
#include <vector>

#include "loop/poller.h"
#include "loop/yield.h"
#include "raw/blocking.h"
#include "socket/receive_slab.h"
#include "socket/socket_wrap.h"
#include "sys/unique_fd.h"

namespace afunix {

class Module : public Napi::Addon<Module> {
 public:
  Module(Napi::Env env, Napi::Object exports);

  static Module* Get(napi_env env);

  napi_env env;
  Crowd crowd;
  PollLoop loop;
  ReceiveSlab slab;
  SocketWrap* sockets = nullptr;  // all that are open
  // By `id`, from the making of a handle to its collection: no id of a closed one means another.
  std::vector<SocketWrap*> handles;
  std::vector<uint32_t> free_ids;
  // Of the handle that is being constructed.
  sys::UniqueFd nascent;
  int nascent_type = 0;
  // Descriptors that JavaScript owns by number (FileDescriptor): closed with the environment.
  std::unordered_set<int> owned;
  BlockingDescriptors blocking;
  Napi::FunctionReference handle_constructor;
  Napi::FunctionReference on_readable;
  Napi::FunctionReference on_writable;

 private:
  // Before the environment's loop ends: closes everything, and holds the loop until it has let go.
  void Teardown();

  Napi::Value SetDispatcher(const Napi::CallbackInfo& info);
  Napi::Value OpenHandle(const Napi::CallbackInfo& info);
  Napi::Value OpenPair(const Napi::CallbackInfo& info);
  Napi::Value AdoptHandle(const Napi::CallbackInfo& info);
  Napi::Value DuplicateOwned(const Napi::CallbackInfo& info);
  Napi::Value SealedFile(const Napi::CallbackInfo& info);
  Napi::Value CloseOnExec(const Napi::CallbackInfo& info);
  Napi::Value Watch(const Napi::CallbackInfo& info);
  Napi::Value PeerCredentials(const Napi::CallbackInfo& info);
  Napi::Value PeerPidFd(const Napi::CallbackInfo& info);
  Napi::Value SlabChunk(const Napi::CallbackInfo& info);
  Napi::Value SlabTake(const Napi::CallbackInfo& info);

  // Made for each descriptor: not as methods, which would have to find this object by
  // napi_unwrap().
  napi_value DefineDescriptors(napi_env env);
  napi_value Own(const napi_value* arguments);
  napi_value Disown(const napi_value* arguments);
  napi_value CloseOwned(const napi_value* arguments);
  napi_value TakeBeside(const napi_value* arguments);
  napi_value Mode(const napi_value* arguments);
  napi_value SocketKind(const napi_value* arguments);
  napi_value HungUp(const napi_value* arguments);
  napi_value Readable(const napi_value* arguments);
  template <napi_value (Module::*Method)(const napi_value*)>
  static napi_value Call(napi_env env, napi_callback_info info);

  napi_async_cleanup_hook_handle teardown_ = nullptr;
};

}  // namespace afunix
