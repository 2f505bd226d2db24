#include "addon.h"

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "napi/util.h"
#include "raw/calls.h"
#include "socket/message_values.h"
#include "sys/calls.h"
#include "sys/retry.h"
#include "sys/sealed_file.h"

namespace afunix {

namespace {

int IntArgument(const Napi::CallbackInfo& info, size_t index) {
  int value = -1;
  if (!GetInt(info.Env(), info[index], &value)) value = -1;
  return value;
}

}  // namespace

Module* Module::Get(napi_env env) { return Napi::Env(env).GetInstanceData<Module>(); }

Module::Module(Napi::Env env, Napi::Object exports) : env(napi_env(env)), loop(env, &crowd) {
  if (!slab.Initialize(env)) return;
  handle_constructor = Napi::Persistent(Napi::Function(env, SocketWrap::Define(env)));

  Napi::Object slab_object = Napi::Object::New(env);
  slab_object["numbers"] = Napi::Value(env, slab.numbers(env));
  slab_object["metaLength"] = Napi::Number::New(env, ReceiveSlab::kMeta);
  slab_object["chunk"] = Napi::Function::New(
      env, [this](const Napi::CallbackInfo& info) { return SlabChunk(info); }, "chunk");
  slab_object["take"] = Napi::Function::New(
      env, [this](const Napi::CallbackInfo& info) { return SlabTake(info); }, "take");

  DefineAddon(
      exports,
      {
          InstanceMethod("setDispatcher", &Module::SetDispatcher),
          InstanceMethod("openHandle", &Module::OpenHandle),
          InstanceMethod("openPair", &Module::OpenPair),
          InstanceMethod("adoptHandle", &Module::AdoptHandle),
          InstanceMethod("duplicateOwned", &Module::DuplicateOwned),
          InstanceMethod("sealedFile", &Module::SealedFile),
          InstanceMethod("closeOnExec", &Module::CloseOnExec),
          InstanceMethod("watch", &Module::Watch),
          InstanceMethod("peerCredentials", &Module::PeerCredentials),
          InstanceMethod("peerPidFd", &Module::PeerPidFd),
          InstanceValue("constants", MakeConstants(env), napi_enumerable),
          InstanceValue("errnos", MakeErrnos(env), napi_enumerable),
          InstanceValue("maxPath", Napi::Number::New(env, sys::Address::kMaxPath), napi_enumerable),
          InstanceValue("Handle", handle_constructor.Value()),
          InstanceValue("calls", Napi::Value(env, SocketWrap::DefineCalls(env, this))),
          InstanceValue("descriptors", Napi::Value(env, DefineDescriptors(env))),
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
  const int type = IntArgument(info, 0);
  int result = sys::Socket(AF_UNIX, type, 0, sys::kDefault, &fd);
  if (result == 0) result = SocketWrap::SetUp(fd.get(), type);
  if (result < 0) return MakeResult(env, result);
  return Napi::Value(env, SocketWrap::Create(this, std::move(fd), type));
}

// openPair(type)
Napi::Value Module::OpenPair(const Napi::CallbackInfo& info) {
  sys::UniqueFd first, second;
  const int type = IntArgument(info, 0);
  int result = sys::SocketPair(AF_UNIX, type, 0, sys::kDefault, &first, &second);
  if (result == 0) result = SocketWrap::SetUp(first.get(), type);
  if (result == 0) result = SocketWrap::SetUp(second.get(), type);
  if (result < 0) return MakeResult(env, result);
  // Any of these may fail while a worker is being terminated: each descriptor has its owner.
  napi_value pair = nullptr;
  napi_value one = SocketWrap::Create(this, std::move(first), type);
  napi_value other = SocketWrap::Create(this, std::move(second), type);
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
  int error = sys::Adopt(fd, sys::kDefault);
  if (error == 0) error = SocketWrap::SetUp(fd, kind.type);
  if (error < 0) return MakeResult(env, error);
  owned.erase(fd);
  blocking.Remove(fd);
  return Napi::Value(env, SocketWrap::Create(this, sys::UniqueFd(fd), kind.type));
}

// duplicateOwned(fd)
Napi::Value Module::DuplicateOwned(const Napi::CallbackInfo& info) {
  sys::UniqueFd fd;
  const int result = sys::Duplicate(IntArgument(info, 0), &fd);
  if (result < 0) return MakeResult(env, result);
  owned.insert(fd.get());
  return MakeResult(env, fd.Release());
}

// sealedFile(name, contents)
Napi::Value Module::SealedFile(const Napi::CallbackInfo& info) {
  Bytes name, contents;
  if (!ReadArguments(info, &name, &contents)) return Invalid(info);
  sys::UniqueFd fd;
  const std::string terminated(name.view());
  const int result = sys::SealedFile(terminated.c_str(), contents.view(), &fd);
  if (result < 0) return MakeResult(env, result);
  owned.insert(fd.get());
  return MakeResult(env, fd.Release());
}

// closeOnExec(fd)
Napi::Value Module::CloseOnExec(const Napi::CallbackInfo& info) {
  return MakeResult(env, sys::SetCloseOnExec(IntArgument(info, 0)));
}

// watch(fd)
Napi::Value Module::Watch(const Napi::CallbackInfo& info) {
  sys::UniqueFd fd;
  const int result = sys::Duplicate(IntArgument(info, 0), &fd);
  if (result < 0) return MakeResult(env, result);
  return Napi::Value(env, SocketWrap::Create(this, std::move(fd), 0));
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

// slab.chunk(source)
Napi::Value Module::SlabChunk(const Napi::CallbackInfo& info) {
  return Napi::Value(env, slab.chunk(env, IntArgument(info, 0)));
}

// slab.take(index)
Napi::Value Module::SlabTake(const Napi::CallbackInfo& info) {
  return Napi::Value(env, slab.Take(env, static_cast<size_t>(IntArgument(info, 0))));
}

template <napi_value (Module::*Method)(const napi_value*)>
napi_value Module::Call(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t count = std::size(arguments);
  void* module = nullptr;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, &module) != napi_ok) return nullptr;
  return (static_cast<Module*>(module)->*Method)(arguments);
}

napi_value Module::DefineDescriptors(napi_env env) {
  const auto call = [this](const char* name, napi_callback callback) {
    return napi_property_descriptor{name,    nullptr, callback,     nullptr,
                                    nullptr, nullptr, napi_default, this};
  };
  const napi_property_descriptor properties[] = {
      call("own", Call<&Module::Own>),          call("disown", Call<&Module::Disown>),
      call("close", Call<&Module::CloseOwned>), call("takeBeside", Call<&Module::TakeBeside>),
      call("mode", Call<&Module::Mode>),        call("socketKind", Call<&Module::SocketKind>),
      call("hungUp", Call<&Module::HungUp>),    call("readable", Call<&Module::Readable>),
  };
  napi_value object = nullptr;
  if (napi_create_object(env, &object) == napi_ok) {
    napi_define_properties(env, object, std::size(properties), properties);
  }
  return object;
}

// own(fd)
napi_value Module::Own(const napi_value* arguments) {
  int fd = -1;
  napi_get_value_int32(env, arguments[0], &fd);
  const bool open =
      owned.count(fd) > 0 || sys::Retry([&] { return ::fcntl(fd, F_GETFD); }) != -EBADF;
  if (open) owned.insert(fd);
  napi_value result = nullptr;
  napi_get_boolean(env, open, &result);
  return result;
}

// disown(fd)
napi_value Module::Disown(const napi_value* arguments) {
  int fd = -1;
  napi_get_value_int32(env, arguments[0], &fd);
  owned.erase(fd);
  return nullptr;
}

// close(fd)
napi_value Module::CloseOwned(const napi_value* arguments) {
  int fd = -1;
  napi_get_value_int32(env, arguments[0], &fd);
  const int result = owned.erase(fd) > 0 ? sys::Close(fd) : 0;
  return MakeResult(env, result == -EINTR ? 0 : result);  // closed all the same, close(2)
}

// takeBeside(index, maxRights)
napi_value Module::TakeBeside(const napi_value* arguments) {
  uint32_t index = UINT32_MAX;
  uint32_t max_rights = 0;
  napi_get_value_uint32(env, arguments[0], &index);
  napi_get_value_uint32(env, arguments[1], &max_rights);
  size_t count = 0;
  // From here on the environment owns them, until FileDescriptor closes or disowns them.
  const int32_t* beside = slab.TakeBeside(env, index, max_rights, &count);
  if (beside == nullptr) return nullptr;
  const int32_t* rights = beside + ReceiveSlab::kRights;
  owned.insert(rights, rights + count);
  if (beside[ReceiveSlab::kPidFd] >= 0) owned.insert(beside[ReceiveSlab::kPidFd]);
  napi_value result = nullptr;
  napi_create_uint32(env, static_cast<uint32_t>(count), &result);
  return result;
}

// mode(fd)
napi_value Module::Mode(const napi_value* arguments) {
  int fd = -1;
  struct stat stat = {};
  napi_get_value_int32(env, arguments[0], &fd);
  const int error = sys::Stat(fd, &stat);
  return MakeResult(env, error < 0 ? error : static_cast<int64_t>(stat.st_mode));
}

// socketKind(fd)
napi_value Module::SocketKind(const napi_value* arguments) {
  int fd = -1;
  sys::SocketKind kind;
  napi_get_value_int32(env, arguments[0], &fd);
  const int error = sys::DescribeSocket(fd, &kind);
  if (error < 0) return MakeResult(env, error);
  return MakeResult(env, kind.domain << 16 | kind.type << 8 | (kind.listening ? 1 : 0));
}

// hungUp(fd)
napi_value Module::HungUp(const napi_value* arguments) {
  int fd = -1;
  napi_get_value_int32(env, arguments[0], &fd);
  napi_value result = nullptr;
  napi_get_boolean(env, sys::IsHungUp(fd), &result);
  return result;
}

// readable(fd)
napi_value Module::Readable(const napi_value* arguments) {
  int fd = -1;
  napi_get_value_int32(env, arguments[0], &fd);
  return MakeResult(env, sys::IsReadable(fd));
}

NODE_API_ADDON(Module)

}  // namespace afunix
