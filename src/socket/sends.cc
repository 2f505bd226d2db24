// What a socket sends for JavaScript, always with MSG_DONTWAIT: see sys/messages.h.
#include <algorithm>
#include <cerrno>

#include "budget.h"
#include "napi/message_values.h"
#include "socket_table.h"
#include "socket_wrap.h"
#include "sys/array.h"
#include "sys/calls.h"
#include "sys/messages.h"
#include "sys/send_file.h"

namespace afunix {

namespace {

// Leaves their first `most` bytes.
void Cut(sys::Array<iovec>* vectors, size_t most) {
  for (size_t i = 0; i < vectors->size(); i++) {
    iovec& vector = (*vectors)[i];
    if (vector.iov_len >= most) {
      vector.iov_len = most;
      vectors->resize(i + 1);
      return;
    }
    most -= vector.iov_len;
  }
}

// A destination from JavaScript: none, or an address of its own.
class Destination {
 public:
  int Set(napi_env env, napi_value value) {
    bool present = false;
    const int result = ReadAddress(env, value, &address_, &way_, &present);
    present_ = present;
    return result;
  }
  const sys::Address* get() const { return present_ ? &address_ : nullptr; }

 private:
  sys::Address address_;
  sys::AddressWay way_;
  bool present_ = false;
};

}  // namespace

int SocketWrap::SendBytes(const void* data, size_t length, const Arguments& arguments) {
  Destination to;
  const int error = arguments.count < 2 ? 0 : to.Set(arguments.env, arguments[1]);
  if (error < 0) return error;
  const int flags = arguments.Int(2) | MSG_DONTWAIT;
  const size_t most = type_ == SOCK_STREAM ? std::min(length, kMaxStreamWrite) : length;
  return sent_.Count(static_cast<int>(sys::Send(fd_.get(), data, most, flags, to.get())));
}

// send(data, to, flags)
int SocketWrap::Send(const Arguments& arguments) {
  Bytes bytes;
  if (!fd_) return -EBADF;
  if (!arguments.Read(&bytes)) return -EINVAL;
  return SendBytes(bytes.data, bytes.length, arguments);
}

// sendSmall(length, to, flags): that many of the bytes at kOutgoing.
int SocketWrap::SendSmall(const Arguments& arguments) {
  if (!fd_) return -EBADF;
  const uint32_t length = arguments.Uint(0);
  const unsigned char* bytes = table_->slab.outgoing(arguments.env);
  if (length > ReceiveSlab::kSmallSend) return -EINVAL;
  return bytes == nullptr ? -ENOMEM : SendBytes(bytes, length, arguments);
}

// sendMessage(buffers, to, rights, credentials, flags)
int SocketWrap::SendMessage(const Arguments& arguments) {
  if (!fd_) return -EBADF;
  BufferList buffers;
  sys::Array<iovec> vectors;
  Destination to;
  sys::ControlBuilder control;
  int error = buffers.Append(arguments.env, arguments[0]);
  if (error == 0) error = ReadRights(arguments.env, arguments[2], &control);
  if (error == 0) error = ReadCredentials(arguments.env, arguments[3], &control);
  if (error == 0) error = to.Set(arguments.env, arguments[1]);
  if (error == 0) error = buffers.LookUp(arguments.env, &vectors);
  if (error < 0) return error;
  if (type_ == SOCK_STREAM) Cut(&vectors, kMaxStreamWrite);
  msghdr message = {};
  if (to.get() != nullptr) {
    message.msg_name = const_cast<sockaddr*>(to.get()->get());
    message.msg_namelen = to.get()->length();
  }
  message.msg_iov = vectors.data();
  message.msg_iovlen = vectors.size();
  message.msg_control = control.data();
  message.msg_controllen = control.length();
  const int flags = arguments.Int(4) | MSG_DONTWAIT;
  const int result = static_cast<int>(sys::SendMessage(fd_.get(), &message, flags));
  if (result >= 0) sent_.fds += control.rights_count();
  return sent_.Count(result);
}

// sendMany(to, ...data): the data as arguments, because to read an array costs more than to send.
int SocketWrap::SendMany(const Arguments& arguments) {
  Destination to;
  mmsghdr headers[kMaxSendMany];
  iovec vectors[kMaxSendMany];
  if (!fd_) return -EBADF;
  if (arguments.count < 2) return 0;
  const int error = to.Set(arguments.env, arguments[0]);
  if (error < 0) return error;
  const size_t count = std::min(arguments.count - 1, kMaxSendMany);
  for (size_t i = 0; i < count; i++) {
    Bytes bytes;
    if (!GetBytes(arguments.env, arguments[i + 1], &bytes)) return -EINVAL;
    vectors[i] = {bytes.data, bytes.length};
    headers[i] = {};
    headers[i].msg_hdr.msg_iov = &vectors[i];
    headers[i].msg_hdr.msg_iovlen = 1;
    if (to.get() == nullptr) continue;
    headers[i].msg_hdr.msg_name = const_cast<sockaddr*>(to.get()->get());
    headers[i].msg_hdr.msg_namelen = to.get()->length();
  }
  const int result = sys::SendMany(fd_.get(), headers, static_cast<unsigned>(count), MSG_DONTWAIT);
  if (result < 0) return sent_.Count(result);
  for (int i = 0; i < result; i++) sent_.Count(static_cast<int>(vectors[i].iov_len));
  return result;
}

// sendFile(file, offset, count)
int SocketWrap::SendFile(const Arguments& arguments) {
  int file;
  int64_t offset, count;
  if (!fd_) return -EBADF;
  if (!arguments.Read(&file, &offset, &count) || count < 0) return -EINVAL;
  const size_t most = std::min(static_cast<size_t>(count), kMaxStreamWrite);
  return sent_.Count(static_cast<int>(sys::SendFile(fd_.get(), file, offset, most)));
}

}  // namespace afunix
