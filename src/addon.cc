#include "addon.h"

#include <fcntl.h>

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

}  // namespace

Module* Module::Get(napi_env env) { return Napi::Env(env).GetInstanceData<Module>(); }

Module::Module(Napi::Env env, Napi::Object exports) : env(napi_env(env)), loop(env) {
  if (!slab.Initialize(env)) return;
  handle_constructor = Napi::Persistent(Napi::Function(env, SocketWrap::Define(env)));

  Napi::Object slab_object = Napi::Object::New(env);
  slab_object["meta"] = Napi::Value(env, slab.meta(env));
  slab_object["chunk"] = Napi::Function::New(
      env, [this](const Napi::CallbackInfo& info) { return SlabChunk(info); }, "chunk");
  slab_object["beside"] = Napi::Value(env, slab.beside(env));
  slab_object["takeBeside"] = Napi::Function::New(
      env, [this](const Napi::CallbackInfo& info) { return SlabTakeBeside(info); }, "takeBeside");

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
          InstanceMethod("watch", &Module::Watch),
          InstanceMethod("describeSocket", &Module::DescribeSocket),
          InstanceMethod("peerCredentials", &Module::PeerCredentials),
          InstanceMethod("peerPidFd", &Module::PeerPidFd),
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
  sys::SocketKind kind;
  const int result = sys::DescribeSocket(fd, &kind);
  if (result < 0) return MakeResult(env, result);
  if (kind.domain != AF_UNIX) return MakeResult(env, -EAFNOSUPPORT);
  const int error = sys::Adopt(fd, sys::kDefault);
  if (error < 0) return MakeResult(env, error);
  owned.erase(fd);
  return Napi::Value(env, SocketWrap::Create(this, sys::UniqueFd(fd)));
}

// own(fd)
Napi::Value Module::Own(const Napi::CallbackInfo& info) {
  const int fd = IntArgument(info, 0);
  const bool open = owned.count(fd) > 0 || ::fcntl(fd, F_GETFD) >= 0;
  if (open) owned.insert(fd);
  return Napi::Boolean::New(env, open);
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

// watch(fd)
Napi::Value Module::Watch(const Napi::CallbackInfo& info) {
  sys::UniqueFd fd;
  const int result = sys::Duplicate(IntArgument(info, 0), &fd);
  if (result < 0) return MakeResult(env, result);
  return Napi::Value(env, SocketWrap::Create(this, std::move(fd)));
}

// describeSocket(fd)
Napi::Value Module::DescribeSocket(const Napi::CallbackInfo& info) {
  sys::SocketKind kind;
  const int result = sys::DescribeSocket(IntArgument(info, 0), &kind);
  if (result < 0) return MakeResult(env, result);
  napi_value object = nullptr;
  if (napi_create_object(env, &object) != napi_ok ||
      !SetField(env, object, "domain", MakeResult(env, kind.domain)) ||
      !SetField(env, object, "type", MakeResult(env, kind.type)) ||
      !SetField(env, object, "listening", Napi::Boolean::New(env, kind.listening))) {
    return {};
  }
  return Napi::Value(env, object);
}

// peerCredentials(fd)
Napi::Value Module::PeerCredentials(const Napi::CallbackInfo& info) {
  sys::Credentials credentials;
  const int result = sys::PeerCredentials(IntArgument(info, 0), &credentials);
  if (result < 0) return MakeResult(env, result);
  return MakeCredentials(env, credentials);
}

// peerPidFd(fd)
Napi::Value Module::PeerPidFd(const Napi::CallbackInfo& info) {
  sys::UniqueFd fd;
  const int result = sys::PeerPidFd(IntArgument(info, 0), &fd);
  if (result < 0) return MakeResult(env, result);
  owned.insert(fd.get());
  return MakeResult(env, fd.Release());
}

// slab.chunk(kind)
Napi::Value Module::SlabChunk(const Napi::CallbackInfo& info) {
  return Napi::Value(env, slab.chunk(env, IntArgument(info, 0) == 1));
}

// slab.takeBeside(index, maxRights)
Napi::Value Module::SlabTakeBeside(const Napi::CallbackInfo& info) {
  const size_t count = slab.TakeBeside(static_cast<size_t>(IntArgument(info, 0)),
                                       static_cast<size_t>(IntArgument(info, 1)));
  // From here on the environment owns them, until FileDescriptor closes or disowns them.
  const int32_t* numbers = slab.beside();
  const int32_t* rights = numbers + ReceiveSlab::kRights;
  owned.insert(rights, rights + count);
  if (numbers[ReceiveSlab::kPidFd] >= 0) owned.insert(numbers[ReceiveSlab::kPidFd]);
  return MakeResult(env, static_cast<int64_t>(count));
}

NODE_API_ADDON(Module)

}  // namespace afunix
