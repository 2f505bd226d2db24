#include "addon.h"

#include <cerrno>

#include "message_values.h"
#include "napi_util.h"
#include "raw_calls.h"
#include "sys/calls.h"

namespace afunix {

namespace {

int IntArgument(const Napi::CallbackInfo& info, size_t index) {
  int value = -1;
  if (!GetInt(info.Env(), info[index], &value)) value = -1;
  return value;
}

bool IsUnixSocket(int fd) {
  sockaddr_storage address = {};
  socklen_t length = sizeof(address);
  return ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0 &&
         address.ss_family == AF_UNIX;
}

}  // namespace

Module* Module::Get(napi_env env) { return Napi::Env(env).GetInstanceData<Module>(); }

Module::Module(Napi::Env env, Napi::Object exports) : env(napi_env(env)), loop(env) {
  if (!slab.Initialize(env)) return;
  handle_constructor = Napi::Persistent(Napi::Function(env, SocketWrap::Define(env)));

  Napi::Object slab_object = Napi::Object::New(env);
  slab_object["meta"] = Napi::Value(env, slab.meta(env));
  slab_object["chunk"] = Napi::Function::New(
      env, [this](const Napi::CallbackInfo& info) { return SlabChunk(info); }, "chunk");
  slab_object["ancillary"] = Napi::Function::New(
      env, [this](const Napi::CallbackInfo& info) { return SlabAncillary(info); }, "ancillary");

  DefineAddon(
      exports,
      {
          InstanceMethod("setDispatcher", &Module::SetDispatcher),
          InstanceMethod("openHandle", &Module::OpenHandle),
          InstanceMethod("openPair", &Module::OpenPair),
          InstanceMethod("adoptHandle", &Module::AdoptHandle),
          InstanceMethod("own", &Module::Own),
          InstanceMethod("disown", &Module::Disown),
          InstanceMethod("closeOwned", &Module::CloseOwned),
          InstanceMethod("duplicateOwned", &Module::DuplicateOwned),
          InstanceMethod("peerCredentials", &Module::PeerCredentials),
          InstanceValue("constants", MakeConstants(env), napi_enumerable),
          InstanceValue("errnos", MakeErrnos(env), napi_enumerable),
          InstanceValue("maxPath", Napi::Number::New(env, sys::Address::kMaxPath), napi_enumerable),
          InstanceValue("Handle", handle_constructor.Value()),
          InstanceValue("calls", Napi::Value(env, SocketWrap::DefineCalls(env, this))),
          InstanceValue("slab", slab_object, napi_enumerable),
          InstanceValue("raw", MakeRawCalls(env), napi_enumerable),
      });

  // Asynchronous, because libuv lets go of a handle only in a turn of its loop. The hook keeps the
  // environment, and so this object, alive until it is removed.
  napi_add_async_cleanup_hook(
      env,
      [](napi_async_cleanup_hook_handle, void* data) { static_cast<Module*>(data)->Teardown(); },
      this, &teardown_);
}

void Module::Teardown() {
  while (sockets != nullptr) sockets->Close();
  for (const int fd : owned) ::close(fd);
  owned.clear();
  loop.Shutdown(
      [](void* data) {
        auto* module = static_cast<Module*>(data);
        napi_remove_async_cleanup_hook(std::exchange(module->teardown_, nullptr));
      },
      this);
}

Napi::Value Module::SetDispatcher(const Napi::CallbackInfo& info) {
  on_readable = Napi::Persistent(info[0].As<Napi::Function>());
  on_writable = Napi::Persistent(info[1].As<Napi::Function>());
  return info.Env().Undefined();
}

// openHandle(type)
Napi::Value Module::OpenHandle(const Napi::CallbackInfo& info) {
  sys::UniqueFd fd;
  const int result = sys::Socket(AF_UNIX, IntArgument(info, 0), 0, sys::kDefault, &fd);
  if (result < 0) return MakeResult(env, result);
  return Napi::Value(env, SocketWrap::Create(this, std::move(fd)));
}

// openPair(type)
Napi::Value Module::OpenPair(const Napi::CallbackInfo& info) {
  sys::UniqueFd first, second;
  const int result =
      sys::SocketPair(AF_UNIX, IntArgument(info, 0), 0, sys::kDefault, &first, &second);
  if (result < 0) return MakeResult(env, result);
  // Any of these may fail while a worker is being terminated: each descriptor has its owner.
  napi_value pair = nullptr;
  napi_value one = SocketWrap::Create(this, std::move(first));
  napi_value other = SocketWrap::Create(this, std::move(second));
  if (one == nullptr || other == nullptr || napi_create_array(env, &pair) != napi_ok ||
      napi_set_element(env, pair, 0, one) != napi_ok ||
      napi_set_element(env, pair, 1, other) != napi_ok) {
    return {};
  }
  return Napi::Value(env, pair);
}

// adoptHandle(fd)
Napi::Value Module::AdoptHandle(const Napi::CallbackInfo& info) {
  const int fd = IntArgument(info, 0);
  int type = 0;
  const int result = sys::GetIntOption(fd, SOL_SOCKET, SO_TYPE, &type);
  if (result < 0) return MakeResult(env, result);
  if (!IsUnixSocket(fd)) return MakeResult(env, -EAFNOSUPPORT);
  const int error = sys::Adopt(fd, sys::kDefault);
  if (error < 0) return MakeResult(env, error);
  owned.erase(fd);
  return Napi::Value(env, SocketWrap::Create(this, sys::UniqueFd(fd)));
}

// own(fd)
Napi::Value Module::Own(const Napi::CallbackInfo& info) {
  owned.insert(IntArgument(info, 0));
  return info.Env().Undefined();
}

// disown(fd)
Napi::Value Module::Disown(const Napi::CallbackInfo& info) {
  owned.erase(IntArgument(info, 0));
  return info.Env().Undefined();
}

// closeOwned(fd)
Napi::Value Module::CloseOwned(const Napi::CallbackInfo& info) {
  const int fd = IntArgument(info, 0);
  if (owned.erase(fd) > 0) sys::Close(fd);
  return info.Env().Undefined();
}

// duplicateOwned(fd)
Napi::Value Module::DuplicateOwned(const Napi::CallbackInfo& info) {
  sys::UniqueFd fd;
  const int result = sys::Duplicate(IntArgument(info, 0), &fd);
  if (result < 0) return MakeResult(env, result);
  owned.insert(fd.get());
  return MakeResult(env, fd.Release());
}

// peerCredentials(fd)
Napi::Value Module::PeerCredentials(const Napi::CallbackInfo& info) {
  sys::Credentials credentials;
  const int result = sys::PeerCredentials(IntArgument(info, 0), &credentials);
  if (result < 0) return MakeResult(env, result);
  return MakeCredentials(env, credentials);
}

// slab.chunk(kind)
Napi::Value Module::SlabChunk(const Napi::CallbackInfo& info) {
  return Napi::Value(env, slab.chunk(env, IntArgument(info, 0) == 1));
}

// slab.ancillary(index)
Napi::Value Module::SlabAncillary(const Napi::CallbackInfo& info) {
  napi_value value = nullptr;
  if (napi_create_object(env, &value) != napi_ok) return {};
  Napi::Object object(env, value);
  sys::Ancillary* ancillary = slab.ancillary(static_cast<size_t>(IntArgument(info, 0)));
  if (ancillary == nullptr || !SetAncillary(object, *ancillary)) return object;
  // From here on the environment owns them, until FileDescriptor closes or disowns them.
  owned.insert(ancillary->rights, ancillary->rights + ancillary->rights_count);
  ancillary->ReleaseRights();
  if (ancillary->pidfd) owned.insert(ancillary->pidfd.Release());
  ancillary->Clear();
  return object;
}

NODE_API_ADDON(Module)

}  // namespace afunix
