// What JavaScript calls on a socket: arguments in, results out.
#include "sys/calls.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "owned_descriptors.h"
#include "socket_table.h"
#include "socket_wrap.h"
#include "sys/platform.h"
#include "sys/readiness.h"
#include "sys/text.h"

namespace afunix {

// These are the functions of `Sockets` in lib/native/addon.ts, which have a socket's id first.

int SocketWrap::GetFd(const Arguments&) { return fd_.get(); }

// The number, for a program to have: from now on anybody may close it.
int SocketWrap::ShowFd(const Arguments&) {
  SetShown();
  return fd_.get();
}

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

int SocketWrap::IsSendBufferFull(const Arguments&) {
  return fd_ ? sys::IsSendBufferFull(fd_.get()) : -EBADF;
}

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

// configure(control, limit, busyPoll, timestamps)
int SocketWrap::Configure(const Arguments& arguments) {
  room_ = arguments.Bool(3)         ? ControlRoom::kFullWithTime
          : arguments.Bool(0)       ? ControlRoom::kFull
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

// receiveInto(buffer, flags)
int SocketWrap::ReceiveInto(const Arguments& arguments) {
  Bytes bytes;
  if (!fd_) return -EBADF;
  if (!arguments.Read(&bytes)) return -EINVAL;
  const int flags = arguments.Int(1);
  const int result = table_->slab.ReceiveInto(table_->env, fd_.get(), bytes, limit_, flags, room_,
                                              type_ == SOCK_SEQPACKET);
  if (result >= 0) received_calls_++;
  CountReceived(result, flags);
  return result;
}

// read(buffer, flags)
int SocketWrap::Read(const Arguments& arguments) {
  Bytes bytes;
  if (!fd_) return -EBADF;
  if (!arguments.Read(&bytes)) return -EINVAL;
  return ReadBytes(bytes, arguments.Int(1));
}

int SocketWrap::ReadBytes(const Bytes& bytes, int flags) {
  const int result =
      static_cast<int>(sys::Receive(fd_.get(), bytes.data, bytes.length, flags | MSG_DONTWAIT));
  if (result >= 0) received_calls_++;
  // 0 is the end of a stream.
  return result == 0 || (flags & MSG_PEEK) != 0 ? result : received_.Count(result);
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
  if (!arguments.Read(&bytes)) return -EINVAL;
  const int result = ReadBytes(bytes, 0);
  return result == -EAGAIN ? WaitAfter(result, 0) : result;
}

// bind(address, mode, replace, unlink, backlog, allowUnsafePath, owner, group)
int SocketWrap::Bind(const Arguments& arguments) {
  Bytes bytes;
  if (!fd_) return -EBADF;
  if (!arguments.Read(&bytes)) return -EINVAL;
  sys::BindRequest request;
  request.address = bytes.view();
  request.rights.mode = arguments.Int(1, -1);
  request.replace = static_cast<sys::Replace>(arguments.Int(2));
  request.listen_backlog = arguments.Int(4, -1);
  request.allow_unsafe = arguments.Bool(5);
  // Modulo 2^32, as JavaScript's numbers become an int: -1 is nobody's.
  request.rights.owner = static_cast<uid_t>(arguments.Int(6, -1));
  request.rights.group = static_cast<gid_t>(arguments.Int(7, -1));
  auto path = std::make_unique<sys::BoundPath>();
  const int result = sys::BindPath(fd_.get(), request, path.get());
  if (result != 0 || path->empty()) return result;
  if (!arguments.Bool(3)) path->Leave();
  path_ = std::move(path);
  return 0;
}

// adoptPath(path)
int SocketWrap::AdoptPath(const Arguments& arguments) {
  Bytes bytes;
  if (!fd_) return -EBADF;
  if (!arguments.Read(&bytes) || path_ != nullptr) return -EINVAL;
  auto path = std::make_unique<sys::BoundPath>();
  const int result = sys::FindPath(fd_.get(), bytes.view(), path.get());
  if (result == 0) path_ = std::move(path);
  return result;
}

napi_value SocketWrap::GetBoundPath(const Arguments& arguments) {
  napi_value bytes = nullptr;
  if (path_ == nullptr) return bytes;
  const sys::Text& path = path_->path();
  napi_create_buffer_copy(arguments.env, path.size(), path.c_str(), nullptr, &bytes);
  return bytes;
}

int SocketWrap::Connect(const Arguments& arguments) {
  Bytes bytes;
  if (!fd_) return -EBADF;
  if (!arguments.Read(&bytes)) return -EINVAL;
  return sys::TryConnect(fd_.get(), bytes.view());
}

int SocketWrap::Disconnect(const Arguments&) { return fd_ ? sys::Disconnect(fd_.get()) : -EBADF; }

napi_value SocketWrap::Accept(const Arguments& arguments) {
  if (!fd_) return ToValue(arguments.env, -EBADF);
  sys::UniqueFd fd;
  int result = sys::TryAccept(fd_.get(), sys::kDefault, &fd, nullptr);
  // One that cannot be set up is not handed out: its peer sees it end.
  if (result == 0 && SetUp(fd.get(), type_) != 0) result = -ECONNABORTED;
  if (result < 0) return ToValue(arguments.env, received_.Count(result));
  received_.Count(0);
  received_calls_++;
  accepted_++;
  return table_->MakeHandle(std::move(fd), type_);
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
  if (!arguments.Read(&bytes) || bytes.length != sizeof(counts)) {
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
  const int fd = table_->owned->Add(std::move(fd_));
  Close();
  return fd;
}

}  // namespace afunix
