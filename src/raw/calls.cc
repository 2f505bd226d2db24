#include "calls.h"

#include <algorithm>
#include <cerrno>
#include <climits>

#include "addon.h"
#include "blocking.h"
#include "messages.h"
#include "napi/util.h"
#include "socket/message_values.h"
#include "sys/calls.h"
#include "sys/constants.h"
#include "sys/messages.h"

namespace afunix {

namespace {

using Info = Napi::CallbackInfo;

// Keeps in mind that the caller asked for a blocking descriptor.
void Remember(napi_env env, int fd, int flags) {
  if ((flags & sys::kBlocking) != 0) Module::Get(env)->blocking.Add(fd);
}

Napi::Value Socket(const Info& info) {
  int domain, type, protocol, flags;
  if (!ReadArguments(info, &domain, &type, &protocol, &flags)) return Invalid(info);
  sys::UniqueFd fd;
  const int error = sys::Socket(domain, type, protocol, flags, &fd);
  if (error == 0) Remember(info.Env(), fd.get(), flags);
  return MakeResult(info.Env(), error < 0 ? error : fd.Release());
}

Napi::Value SocketPair(const Info& info) {
  int domain, type, protocol, flags;
  if (!ReadArguments(info, &domain, &type, &protocol, &flags)) return Invalid(info);
  sys::UniqueFd first, second;
  const int error = sys::SocketPair(domain, type, protocol, flags, &first, &second);
  if (error < 0) return MakeResult(info.Env(), error);
  napi_env env = info.Env();
  Remember(env, first.get(), flags);
  Remember(env, second.get(), flags);
  napi_value pair;
  if (napi_create_array_with_length(env, 2, &pair) != napi_ok ||
      napi_set_element(env, pair, 0, MakeResult(env, first.get())) != napi_ok ||
      napi_set_element(env, pair, 1, MakeResult(env, second.get())) != napi_ok) {
    return Napi::Value();
  }
  // Only now are they the caller's.
  (void)first.Release();
  (void)second.Release();
  return Napi::Value(env, pair);
}

Napi::Value Bind(const Info& info) {
  int fd;
  Bytes address;
  if (!ReadArguments(info, &fd, &address)) return Invalid(info);
  return MakeResult(info.Env(), sys::Bind(fd, address.view()));
}

Napi::Value Connect(const Info& info) {
  int fd;
  Bytes address;
  if (IsUndefined(info.Env(), info[1]) && ReadArguments(info, &fd)) {
    return MakeResult(info.Env(), sys::Disconnect(fd));
  }
  if (!ReadArguments(info, &fd, &address)) return Invalid(info);
  const auto connect = MayWait(info.Env(), fd) ? sys::Connect : sys::TryConnect;
  return MakeResult(info.Env(), connect(fd, address.view()));
}

Napi::Value Listen(const Info& info) {
  int fd, backlog;
  if (!ReadArguments(info, &fd, &backlog)) return Invalid(info);
  return MakeResult(info.Env(), sys::Listen(fd, backlog));
}

Napi::Value Accept(const Info& info) {
  int fd, flags;
  if (!ReadArguments(info, &fd, &flags)) return Invalid(info);
  sys::UniqueFd accepted;
  const auto accept = MayWait(info.Env(), fd) ? sys::Accept : sys::TryAccept;
  const int error = accept(fd, flags, &accepted, nullptr);
  if (error == 0) Remember(info.Env(), accepted.get(), flags);
  return MakeResult(info.Env(), error < 0 ? error : accepted.Release());
}

Napi::Value Shutdown(const Info& info) {
  int fd, how;
  if (!ReadArguments(info, &fd, &how)) return Invalid(info);
  return MakeResult(info.Env(), sys::Shutdown(fd, how));
}

template <int (*Call)(int, sys::Address*)>
Napi::Value GetName(const Info& info) {
  int fd;
  if (!ReadArguments(info, &fd)) return Invalid(info);
  sys::Address address;
  const int error = Call(fd, &address);
  return error < 0 ? MakeResult(info.Env(), error) : MakeBuffer(info.Env(), address.bytes());
}

Napi::Value GetOption(const Info& info) {
  int fd, level, name;
  Bytes value;
  if (!ReadArguments(info, &fd, &level, &name, &value)) return Invalid(info);
  int64_t unit = 1;
#ifdef SO_GET_FILTER
  // This one counts in instructions of 8 bytes: the kernel would write that many times the room.
  if (level == SOL_SOCKET && name == SO_GET_FILTER) unit = 8;
#endif
  auto length = static_cast<socklen_t>(std::min<size_t>(value.length, INT_MAX) / unit);
  const int error = sys::GetOption(fd, level, name, value.data, &length);
  return MakeResult(info.Env(), error < 0 ? error : length * unit);
}

Napi::Value SetOption(const Info& info) {
  int fd, level, name;
  Bytes value;
  if (!ReadArguments(info, &fd, &level, &name, &value)) return Invalid(info);
  if (value.length > INT_MAX) return Invalid(info);
  const auto length = static_cast<socklen_t>(value.length);
  return MakeResult(info.Env(), sys::SetOption(fd, level, name, value.data, length));
}

Napi::Value Close(const Info& info) {
  int fd;
  if (!ReadArguments(info, &fd)) return Invalid(info);
  Module::Get(info.Env())->blocking.Remove(fd);
  return MakeResult(info.Env(), sys::Close(fd));
}

Napi::Value Duplicate(const Info& info) {
  int fd;
  if (!ReadArguments(info, &fd)) return Invalid(info);
  sys::UniqueFd duplicate;
  const int error = sys::Duplicate(fd, &duplicate);
  if (error == 0 && MayWait(info.Env(), fd)) Remember(info.Env(), duplicate.get(), sys::kBlocking);
  return MakeResult(info.Env(), error < 0 ? error : duplicate.Release());
}

Napi::Value Ioctl(const Info& info) {
  // A request may write more than the int it is given room for: at most 16 KiB, as _IOC_SIZE has
  // 14 bits. It must not write over the stack.
  union {
    int value;
    unsigned char room[16384];
  } argument = {};
  int fd;
  int64_t request;
  if (!ReadArguments(info, &fd, &request, &argument.value)) return Invalid(info);
  const int result = sys::Ioctl(fd, static_cast<unsigned long>(request), &argument.value);
  if (result < 0) return MakeResult(info.Env(), result);
  napi_env env = info.Env();
  napi_value array;
  // Most requests answer through the pointer and return 0; SIOCUNIXFILE returns a descriptor.
  napi_value answer = MakeResult(env, result > 0 ? result : argument.value);
  if (napi_create_array_with_length(env, 1, &array) != napi_ok ||
      napi_set_element(env, array, 0, answer) != napi_ok) {
    return Napi::Value();
  }
  return Napi::Value(env, array);
}

Napi::Value Stat(const Info& info) {
  int fd;
  if (!ReadArguments(info, &fd)) return Invalid(info);
  struct stat stat;
  const int error = sys::Stat(fd, &stat);
  if (error < 0) return MakeResult(info.Env(), error);
  napi_env env = info.Env();
  napi_value object;
  bool made = napi_create_object(env, &object) == napi_ok;
  const auto set = [&](const char* name, auto field) {
    napi_value value = nullptr;
    made = made && napi_create_double(env, static_cast<double>(field), &value) == napi_ok &&
           SetField(env, object, name, value);
  };
  set("dev", stat.st_dev);
  set("ino", stat.st_ino);
  set("mode", stat.st_mode);
  set("nlink", stat.st_nlink);
  set("uid", stat.st_uid);
  set("gid", stat.st_gid);
  set("rdev", stat.st_rdev);
  set("size", stat.st_size);
  return made ? Napi::Value(env, object) : Napi::Value();
}

Napi::Value Send(const Info& info) {
  int fd, flags;
  Bytes data;
  if (!ReadArguments(info, &fd, &data, &flags)) return Invalid(info);
  sys::Address address;
  sys::UniqueFd keep;
  bool present;
  const int error = ReadAddress(info.Env(), info[3], &address, &keep, &present);
  if (error < 0) return MakeResult(info.Env(), error);
  flags |= WaitFlags(info.Env(), fd);
  const sys::Address* to = present ? &address : nullptr;
  return MakeResult(info.Env(), sys::Send(fd, data.data, data.length, flags, to));
}

Napi::Value Receive(const Info& info) {
  int fd, flags;
  Bytes buffer;
  if (!ReadArguments(info, &fd, &buffer, &flags)) return Invalid(info);
  flags |= WaitFlags(info.Env(), fd);
  return MakeResult(info.Env(), sys::Receive(fd, buffer.data, buffer.length, flags));
}

Napi::Object MakeTable(Napi::Env env, const sys::Constant* table, size_t count) {
  Napi::Object object = Napi::Object::New(env);
  for (size_t i = 0; i < count; ++i) {
    object.Set(table[i].name, static_cast<double>(table[i].value));
  }
  return object;
}

template <Napi::Value (*Call)(const Info&)>
void Add(Napi::Object object, const char* name) {
  object.Set(name, Napi::Function::New<Call>(object.Env(), name));
}

}  // namespace

Napi::Object MakeRawCalls(Napi::Env env) {
  Napi::Object raw = Napi::Object::New(env);
  Add<Socket>(raw, "socket");
  Add<SocketPair>(raw, "socketpair");
  Add<Bind>(raw, "bind");
  Add<Connect>(raw, "connect");
  Add<Listen>(raw, "listen");
  Add<Accept>(raw, "accept");
  Add<Shutdown>(raw, "shutdown");
  Add<GetName<sys::GetSocketName>>(raw, "getsockname");
  Add<GetName<sys::GetPeerName>>(raw, "getpeername");
  Add<GetOption>(raw, "getsockopt");
  Add<SetOption>(raw, "setsockopt");
  Add<Close>(raw, "close");
  Add<Duplicate>(raw, "dup");
  Add<Ioctl>(raw, "ioctl");
  Add<Stat>(raw, "fstat");
  Add<Send>(raw, "send");
  Add<Receive>(raw, "recv");
  AddRawMessages(raw);
  return raw;
}

Napi::Object MakeConstants(Napi::Env env) {
  return MakeTable(env, sys::kConstants, sys::kConstantCount);
}

Napi::Object MakeErrnos(Napi::Env env) { return MakeTable(env, sys::kErrnos, sys::kErrnoCount); }

}  // namespace afunix
