#include "calls.h"

#include <algorithm>
#include <cerrno>
#include <climits>

#include "attributes.h"
#include "blocking.h"
#include "messages.h"
#include "napi/message_values.h"
#include "sys/calls.h"
#include "sys/constants.h"
#include "sys/file_status.h"
#include "sys/messages.h"
#include "sys/readiness.h"

namespace afunix {

namespace {

// Remembers that the caller asked for a blocking descriptor.
void Remember(BlockingDescriptors& blocking, int fd, int flags) {
  if ((flags & sys::kBlocking) != 0) blocking.Add(fd);
}

napi_value Invalid(const Arguments& arguments) { return ToValue(arguments.env, -EINVAL); }

int64_t Socket(BlockingDescriptors& blocking, const Arguments& arguments) {
  int domain, type, protocol, flags;
  if (!arguments.Read(&domain, &type, &protocol, &flags)) return -EINVAL;
  sys::UniqueFd fd;
  const int error = sys::Socket(domain, type, protocol, flags, &fd);
  if (error == 0) Remember(blocking, fd.get(), flags);
  return error < 0 ? error : fd.Release();
}

napi_value SocketPair(BlockingDescriptors& blocking, const Arguments& arguments) {
  int domain, type, protocol, flags;
  if (!arguments.Read(&domain, &type, &protocol, &flags)) return Invalid(arguments);
  sys::UniqueFd first, second;
  const int error = sys::SocketPair(domain, type, protocol, flags, &first, &second);
  if (error < 0) return ToValue(arguments.env, error);
  napi_env env = arguments.env;
  Remember(blocking, first.get(), flags);
  Remember(blocking, second.get(), flags);
  napi_value pair = MakeArray(env, ToValue(env, first.get()), ToValue(env, second.get()));
  if (pair == nullptr) return nullptr;
  // Only now are they the caller's.
  (void)first.Release();
  (void)second.Release();
  return pair;
}

int64_t Bind(const Arguments& arguments) {
  int fd;
  Bytes address;
  if (!arguments.Read(&fd, &address)) return -EINVAL;
  return sys::Bind(fd, address.view());
}

int64_t Connect(BlockingDescriptors& blocking, const Arguments& arguments) {
  int fd;
  Bytes address;
  if (IsUndefined(arguments.env, arguments[1]) && arguments.Read(&fd)) {
    return sys::Disconnect(fd);
  }
  if (!arguments.Read(&fd, &address)) return -EINVAL;
  const auto connect = blocking.Has(fd) ? sys::Connect : sys::TryConnect;
  return connect(fd, address.view());
}

int64_t Listen(const Arguments& arguments) {
  int fd, backlog;
  if (!arguments.Read(&fd, &backlog)) return -EINVAL;
  return sys::Listen(fd, backlog);
}

int64_t Accept(BlockingDescriptors& blocking, const Arguments& arguments) {
  int fd, flags;
  if (!arguments.Read(&fd, &flags)) return -EINVAL;
  sys::UniqueFd accepted;
  const auto accept = blocking.Has(fd) ? sys::Accept : sys::TryAccept;
  const int error = accept(fd, flags, &accepted, nullptr);
  if (error == 0) Remember(blocking, accepted.get(), flags);
  return error < 0 ? error : accepted.Release();
}

int64_t Shutdown(const Arguments& arguments) {
  int fd, how;
  if (!arguments.Read(&fd, &how)) return -EINVAL;
  return sys::Shutdown(fd, how);
}

template <int (*Call)(int, sys::Address*)>
napi_value GetName(const Arguments& arguments) {
  int fd;
  if (!arguments.Read(&fd)) return Invalid(arguments);
  sys::Address address;
  const int error = Call(fd, &address);
  return error < 0 ? ToValue(arguments.env, error) : MakeBuffer(arguments.env, address.bytes());
}

int64_t GetOption(const Arguments& arguments) {
  int fd, level, name;
  Bytes value;
  if (!arguments.Read(&fd, &level, &name, &value)) return -EINVAL;
  int64_t unit = 1;
#ifdef SO_GET_FILTER
  // This one counts in instructions of 8 bytes: the kernel would write that many times the room.
  if (level == SOL_SOCKET && name == SO_GET_FILTER) unit = 8;
#endif
  auto length = static_cast<socklen_t>(std::min<size_t>(value.length, INT_MAX) / unit);
  const int error = sys::GetOption(fd, level, name, value.data, &length);
  return error < 0 ? error : length * unit;
}

int64_t SetOption(const Arguments& arguments) {
  int fd, level, name;
  Bytes value;
  if (!arguments.Read(&fd, &level, &name, &value)) return -EINVAL;
  if (value.length > INT_MAX) return -EINVAL;
  const auto length = static_cast<socklen_t>(value.length);
  return sys::SetOption(fd, level, name, value.data, length);
}

int64_t Close(BlockingDescriptors& blocking, const Arguments& arguments) {
  int fd;
  if (!arguments.Read(&fd)) return -EINVAL;
  blocking.Remove(fd);
  return sys::Close(fd);
}

int64_t Duplicate(BlockingDescriptors& blocking, const Arguments& arguments) {
  int fd;
  if (!arguments.Read(&fd)) return -EINVAL;
  sys::UniqueFd duplicate;
  const int error = sys::Duplicate(fd, &duplicate);
  if (error == 0 && blocking.Has(fd)) Remember(blocking, duplicate.get(), sys::kBlocking);
  return error < 0 ? error : duplicate.Release();
}

int64_t Poll(const Arguments& arguments) {
  int fd, events;
  if (!arguments.Read(&fd, &events)) return -EINVAL;
  return sys::Poll(fd, static_cast<short>(events));
}

napi_value Ioctl(const Arguments& arguments) {
  // A request may write more than the int it is given room for: at most 16 KiB, as _IOC_SIZE has
  // 14 bits. It must not write over the stack.
  union {
    int value;
    unsigned char room[16384];
  } argument = {};
  int fd;
  int64_t request;
  if (!arguments.Read(&fd, &request, &argument.value)) return Invalid(arguments);
  const int result = sys::Ioctl(fd, static_cast<unsigned long>(request), &argument.value);
  if (result < 0) return ToValue(arguments.env, result);
  napi_env env = arguments.env;
  // Most requests answer through the pointer and return 0; SIOCUNIXFILE returns a descriptor.
  return MakeArray(env, ToValue(env, result > 0 ? result : argument.value));
}

napi_value Stat(const Arguments& arguments) {
  int fd;
  if (!arguments.Read(&fd)) return Invalid(arguments);
  struct stat stat;
  const int error = sys::Stat(fd, &stat);
  if (error < 0) return ToValue(arguments.env, error);
  napi_env env = arguments.env;
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
  return made ? object : nullptr;
}

int64_t Send(BlockingDescriptors& blocking, const Arguments& arguments) {
  int fd, flags;
  Bytes data;
  if (!arguments.Read(&fd, &data, &flags)) return -EINVAL;
  sys::Address address;
  sys::AddressWay way;
  bool present;
  const int error = ReadAddress(arguments.env, arguments[3], &address, &way, &present);
  if (error < 0) return error;
  flags |= blocking.WaitFlags(fd);
  const sys::Address* to = present ? &address : nullptr;
  return sys::Send(fd, data.data, data.length, flags, to);
}

int64_t Receive(BlockingDescriptors& blocking, const Arguments& arguments) {
  int fd, flags;
  Bytes buffer;
  if (!arguments.Read(&fd, &buffer, &flags)) return -EINVAL;
  flags |= blocking.WaitFlags(fd);
  return sys::Receive(fd, buffer.data, buffer.length, flags);
}

}  // namespace

napi_value MakeRawExports(napi_env env, BlockingDescriptors* blocking) {
  return MakeObject(env, {
                             Function<Socket>("socket", blocking),
                             Function<SocketPair>("socketpair", blocking),
                             Function<Bind>("bind", blocking),
                             Function<Connect>("connect", blocking),
                             Function<Listen>("listen", blocking),
                             Function<Accept>("accept", blocking),
                             Function<Shutdown>("shutdown", blocking),
                             Function<GetName<sys::GetSocketName>>("getsockname", blocking),
                             Function<GetName<sys::GetPeerName>>("getpeername", blocking),
                             Function<GetOption>("getsockopt", blocking),
                             Function<SetOption>("setsockopt", blocking),
                             Function<Close>("close", blocking),
                             Function<Duplicate>("dup", blocking),
                             Function<Poll>("poll", blocking),
                             Function<Ioctl>("ioctl", blocking),
                             Function<Stat>("fstat", blocking),
                             Function<GetAttribute>("fgetxattr", blocking),
                             Function<SetAttribute>("fsetxattr", blocking),
                             Function<ListAttributes>("flistxattr", blocking),
                             Function<RemoveAttribute>("fremovexattr", blocking),
                             Function<Send>("send", blocking),
                             Function<Receive>("recv", blocking),
                             Function<SendMessage>("sendmsg", blocking),
                             Function<SendMany>("sendmmsg", blocking),
                             Function<ReceiveMessage>("recvmsg", blocking),
                             Function<ReceiveMany>("recvmmsg", blocking),
                         });
}

}  // namespace afunix
