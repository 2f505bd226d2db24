// What JavaScript calls on a socket: arguments in, results out.
#include "sys/calls.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "addon.h"
#include "arguments.h"
#include "napi/util.h"
#include "sys/platform.h"

namespace afunix {

namespace {

napi_value ToValue(napi_env, napi_value value) { return value; }
napi_value ToValue(napi_env env, int result) {
  napi_value value = nullptr;
  napi_create_int32(env, result, &value);
  return value;
}

}  // namespace

template <auto Method>
napi_value CallMethod(napi_env env, napi_callback_info info) {
  napi_value values[SocketWrap::Arguments::kMax];
  SocketWrap::Arguments arguments{env, SocketWrap::Arguments::kMax, values};
  napi_value self;
  void* wrap = nullptr;
  napi_get_cb_info(env, info, &arguments.count, values, &self, nullptr);
  if (napi_unwrap(env, self, &wrap) != napi_ok) {
    napi_throw_type_error(env, "ERR_INVALID_THIS", "Illegal invocation");
    return nullptr;
  }
  return ToValue(env, (static_cast<SocketWrap*>(wrap)->*Method)(arguments));
}

// napi_unwrap() looks a private symbol up in the object's properties: dearer than all the rest of a
// call. A number finds the socket as well.
template <auto Method, size_t Max>
napi_value CallById(napi_env env, napi_callback_info info) {
  napi_value values[Max + 1];
  size_t count = std::size(values);
  void* data = nullptr;
  uint32_t id = 0;
  napi_get_cb_info(env, info, &count, values, nullptr, &data);
  const auto& handles = static_cast<Module*>(data)->handles;
  if (napi_get_value_uint32(env, values[0], &id) != napi_ok || id >= handles.size() ||
      handles[id] == nullptr) {
    return ToValue(env, -EBADF);
  }
  const SocketWrap::Arguments arguments{env, std::min(count, Max + 1) - 1, values + 1};
  return ToValue(env, (handles[id]->*Method)(arguments));
}

napi_value SocketWrap::DefineCalls(napi_env env, Module* module) {
  constexpr size_t kMax = Arguments::kMax;
  const auto call = [module](const char* name, napi_callback callback) {
    return napi_property_descriptor{name,    nullptr, callback,     nullptr,
                                    nullptr, nullptr, napi_default, module};
  };
  const napi_property_descriptor properties[] = {
      call("waitReadable", CallById<&SocketWrap::WaitReadable, kMax>),
      call("waitWritable", CallById<&SocketWrap::WaitWritable, kMax>),
      call("receive", CallById<&SocketWrap::Receive, kMax>),
      call("receiveOrWait", CallById<&SocketWrap::ReceiveOrWait, kMax>),
      call("readOrWait", CallById<&SocketWrap::ReadOrWait, kMax>),
      call("read", CallById<&SocketWrap::Read, kMax>),
      call("send", CallById<&SocketWrap::Send, kMax>),
      call("sendMany", CallById<&SocketWrap::SendMany, kSendBatch + 1>),
      call("sendMessage", CallById<&SocketWrap::SendMessage, kMax>),
  };
  napi_value calls = nullptr;
  if (napi_create_object(env, &calls) == napi_ok) {
    napi_define_properties(env, calls, std::size(properties), properties);
  }
  return calls;
}

napi_value SocketWrap::Define(napi_env env) {
  const auto method = [](const char* name, napi_callback callback) {
    return napi_property_descriptor{name,    nullptr, callback,     nullptr,
                                    nullptr, nullptr, napi_default, nullptr};
  };
  const auto getter = [](const char* name, napi_callback callback) {
    return napi_property_descriptor{name,    nullptr, nullptr,      callback,
                                    nullptr, nullptr, napi_default, nullptr};
  };
  const napi_property_descriptor properties[] = {
      getter("fd", CallMethod<&SocketWrap::GetFd>),
      getter("type", CallMethod<&SocketWrap::GetType>),
      getter("boundPath", CallMethod<&SocketWrap::GetBoundPath>),
      method("startReceiving", CallMethod<&SocketWrap::StartReceiving>),
      method("stop", CallMethod<&SocketWrap::Stop>),
      method("ref", CallMethod<&SocketWrap::Ref>),
      method("unref", CallMethod<&SocketWrap::Unref>),
      method("configure", CallMethod<&SocketWrap::Configure>),
      method("passRights", CallMethod<&SocketWrap::PassRights>),
      method("bind", CallMethod<&SocketWrap::Bind>),
      method("connect", CallMethod<&SocketWrap::Connect>),
      method("disconnect", CallMethod<&SocketWrap::Disconnect>),
      method("accept", CallMethod<&SocketWrap::Accept>),
      method("shutdown", CallMethod<&SocketWrap::Shutdown>),
      method("close", CallMethod<&SocketWrap::CloseHandle>),
      method("detach", CallMethod<&SocketWrap::Detach>),
      method("stats", CallMethod<&SocketWrap::Stats>),
  };
  napi_value constructor = nullptr;
  napi_define_class(env, "Handle", NAPI_AUTO_LENGTH, Construct, nullptr, std::size(properties),
                    properties, &constructor);
  return constructor;
}

napi_value SocketWrap::GetFd(const Arguments& arguments) {
  return ToValue(arguments.env, fd_.get());
}

napi_value SocketWrap::GetType(const Arguments& arguments) { return ToValue(arguments.env, type_); }

// waitReadable(batch, flags)
int SocketWrap::WaitReadable(const Arguments& arguments) {
  batch_ = static_cast<unsigned>(arguments.Int(0));
  flags_ = arguments.Int(1);
  continuous_ = reuse_ = false;
  return Wait(kReadable);
}

// Waits for what a receive did not find: one crossing for both.
int SocketWrap::WaitAfter(int result, int batch) {
  batch_ = static_cast<unsigned>(batch);
  flags_ = 0;
  continuous_ = reuse_ = false;
  const int error = Wait(kReadable);
  return error < 0 ? error : result;
}

// startReceiving(batch, reuse)
int SocketWrap::StartReceiving(const Arguments& arguments) {
  batch_ = static_cast<unsigned>(arguments.Int(0));
  flags_ = 0;
  continuous_ = true;
  reuse_ = arguments.Bool(1);
  return Wait(kReadable);
}

int SocketWrap::WaitWritable(const Arguments&) { return Wait(kWritable); }

int SocketWrap::Stop(const Arguments& arguments) {
  if (!fd_) return 0;
  interest_ &= ~arguments.Int(0);
  return Rearm();
}

int SocketWrap::Ref(const Arguments&) {
  referenced_ = true;
  poller_.SetReference(interest_ != 0);
  return 0;
}

int SocketWrap::Unref(const Arguments&) {
  referenced_ = false;
  poller_.SetReference(false);
  return 0;
}

// configure(control, limit, busyPoll)
int SocketWrap::Configure(const Arguments& arguments) {
  room_ = arguments.Bool(0)         ? ControlRoom::kFull
          : type_ == SOCK_SEQPACKET ? ControlRoom::kTimestamp
                                    : ControlRoom::kNone;
  const int limit = arguments.Int(1);
  limit_ = limit > 0 ? static_cast<size_t>(limit) : 0;
  busy_poll_ = static_cast<unsigned>(std::max(0, arguments.Int(2)));
  return 0;
}

// passRights(pass)
int SocketWrap::PassRights(const Arguments& arguments) {
  const bool pass = arguments.Bool(0);
  const int result = sys::PassRights(fd_.get(), pass);
  refuses_rights_ = !pass && result == 0;
  return result;
}

// receive(batch, flags)
int SocketWrap::Receive(const Arguments& arguments) {
  if (!fd_) return -EBADF;
  return ReceiveBatch(static_cast<unsigned>(arguments.Int(0)), arguments.Int(1));
}

// read(buffer, flags)
int SocketWrap::Read(const Arguments& arguments) {
  Bytes bytes;
  if (!fd_) return -EBADF;
  if (!GetBytes(arguments.env, arguments[0], &bytes)) return -EINVAL;
  return ReadBytes(bytes, arguments.Int(1));
}

int SocketWrap::ReadBytes(const Bytes& bytes, int flags) {
  const int result =
      static_cast<int>(sys::Receive(fd_.get(), bytes.data, bytes.length, flags | MSG_DONTWAIT));
  if (result >= 0) taken_++;
  // 0 is the end of a stream.
  return result == 0 || (flags & MSG_PEEK) != 0 ? result : Received(result);
}

// receiveOrWait(batch)
int SocketWrap::ReceiveOrWait(const Arguments& arguments) {
  if (!fd_) return -EBADF;
  const int result = ReceiveBatch(static_cast<unsigned>(arguments.Int(0)), 0);
  return result == -EAGAIN ? WaitAfter(result, arguments.Int(0)) : result;
}

// readOrWait(buffer)
int SocketWrap::ReadOrWait(const Arguments& arguments) {
  Bytes bytes;
  if (!fd_) return -EBADF;
  if (!GetBytes(arguments.env, arguments[0], &bytes)) return -EINVAL;
  const int result = ReadBytes(bytes, 0);
  return result == -EAGAIN ? WaitAfter(result, 0) : result;
}

// bind(address, mode, replace, unlink, backlog, allowUnsafePath)
int SocketWrap::Bind(const Arguments& arguments) {
  Bytes bytes;
  if (!fd_) return -EBADF;
  if (!GetBytes(arguments.env, arguments[0], &bytes)) return -EINVAL;
  sys::BindRequest request;
  request.address = bytes.view();
  request.mode = arguments.Int(1, -1);
  request.replace = static_cast<sys::Replace>(arguments.Int(2));
  request.listen_backlog = arguments.Int(4, -1);
  request.allow_unsafe = arguments.Bool(5);
  auto path = std::make_unique<sys::BoundPath>();
  const int result = sys::BindPath(fd_.get(), request, path.get());
  if (result != 0 || path->empty()) return result;
  if (!arguments.Bool(3)) path->Leave();
  path_ = std::move(path);
  return 0;
}

napi_value SocketWrap::GetBoundPath(const Arguments& arguments) {
  napi_value bytes = nullptr;
  if (path_ == nullptr) return bytes;
  const std::string& path = path_->path();
  napi_create_buffer_copy(arguments.env, path.size(), path.data(), nullptr, &bytes);
  return bytes;
}

int SocketWrap::Connect(const Arguments& arguments) {
  Bytes bytes;
  if (!fd_) return -EBADF;
  if (!GetBytes(arguments.env, arguments[0], &bytes)) return -EINVAL;
  return sys::TryConnect(fd_.get(), bytes.view());
}

int SocketWrap::Disconnect(const Arguments&) { return fd_ ? sys::Disconnect(fd_.get()) : -EBADF; }

napi_value SocketWrap::Accept(const Arguments& arguments) {
  if (!fd_) return ToValue(arguments.env, -EBADF);
  sys::UniqueFd fd;
  int result = sys::TryAccept(fd_.get(), sys::kDefault, &fd, nullptr);
  // One that cannot be set up is not handed out: its peer sees it end.
  if (result == 0 && SetUp(fd.get(), type_) != 0) result = -ECONNABORTED;
  if (result < 0) return ToValue(arguments.env, Received(result));
  Received(0);
  taken_++;
  return Create(module_, std::move(fd), type_);
}

int SocketWrap::Shutdown(const Arguments& arguments) {
  return fd_ ? sys::Shutdown(fd_.get(), arguments.Int(0)) : -EBADF;
}

int SocketWrap::CloseHandle(const Arguments&) {
  Close();
  return 0;
}

// stats(into)
int SocketWrap::Stats(const Arguments& arguments) {
  double counts[8];
  Bytes bytes;
  if (!GetBytes(arguments.env, arguments[0], &bytes) || bytes.length != sizeof(counts)) {
    return -EINVAL;
  }
  double* to = counts;
  for (const Traffic* traffic : {&sent_, &received_}) {
    for (uint64_t count : {traffic->messages, traffic->bytes, traffic->fds, traffic->again}) {
      *to++ = static_cast<double>(count);
    }
  }
  std::memcpy(bytes.data, counts, sizeof(counts));
  return 0;
}

int SocketWrap::Detach(const Arguments&) {
  if (!fd_) return -1;
  if (path_ != nullptr) path_->Forget();
  poller_.Close();
  // Back to the kernel's default, for whoever gets the socket.
  if (refuses_rights_) sys::PassRights(fd_.get(), true);
  const int fd = fd_.Release();
  // In the set before it is nobody's: a worker that ends now still closes it.
  module_->owned.insert(fd);
  Close();
  return fd;
}

}  // namespace afunix
