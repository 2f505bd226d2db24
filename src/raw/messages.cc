#include "messages.h"

#include <algorithm>
#include <cerrno>
#include <memory>

#include "blocking.h"
#include "napi/handle_scope.h"
#include "napi/message_values.h"
#include "sys/array.h"
#include "sys/messages.h"

namespace afunix {

namespace {

// Everything that one msghdr to send points to.
class MessageToSend {
 public:
  // Reads a NativeOutgoing, which may run JavaScript. Returns 0 or -errno.
  int Read(napi_env env, napi_value message) {
    napi_value buffers, address, rights, credentials;
    if (!IsObject(env, message) ||
        napi_get_named_property(env, message, "buffers", &buffers) != napi_ok ||
        napi_get_named_property(env, message, "address", &address) != napi_ok ||
        napi_get_named_property(env, message, "rights", &rights) != napi_ok ||
        napi_get_named_property(env, message, "credentials", &credentials) != napi_ok) {
      return -EINVAL;
    }
    int error = buffers_.Append(env, buffers);
    if (error == 0) error = ReadRights(env, rights, &control_);
    if (error == 0) error = ReadCredentials(env, credentials, &control_);
    if (error == 0) error = ReadAddress(env, address, &address_, &way_, &has_address_);
    return error;
  }

  // Runs no JavaScript, which could take the memory away again. Returns 0 or -errno.
  int Fill(napi_env env, msghdr* header) {
    *header = {};
    if (const int error = buffers_.LookUp(env, &iovecs_)) return error;
    if (has_address_) {
      header->msg_name = const_cast<sockaddr*>(address_.get());
      header->msg_namelen = address_.length();
    }
    header->msg_iov = iovecs_.data();
    header->msg_iovlen = static_cast<decltype(header->msg_iovlen)>(iovecs_.size());
    header->msg_control = control_.data();
    header->msg_controllen = static_cast<decltype(header->msg_controllen)>(control_.length());
    return 0;
  }

 private:
  BufferList buffers_;
  sys::Array<iovec> iovecs_;
  sys::Address address_;
  sys::AddressWay way_;
  bool has_address_ = false;
  sys::ControlBuilder control_;
};

// Everything that one msghdr to receive points to.
class MessageToReceive {
 public:
  // `buffers` is an array of Uint8Array, which may run JavaScript. Returns 0 or -errno.
  int Read(napi_env env, napi_value buffers) { return buffers_.Append(env, buffers); }

  // Runs no JavaScript. Returns 0 or -errno.
  int Fill(napi_env env, msghdr* header, size_t control_length) {
    *header = {};
    if (const int error = buffers_.LookUp(env, &iovecs_)) return error;
    address_.Prepare();
    header->msg_name = address_.buffer();
    header->msg_namelen = *address_.length_slot();
    header->msg_iov = iovecs_.data();
    header->msg_iovlen = static_cast<decltype(header->msg_iovlen)>(iovecs_.size());
    header->msg_control = control_length == 0 ? nullptr : control_;
    header->msg_controllen = static_cast<decltype(header->msg_controllen)>(control_length);
    return 0;
  }

  // Takes what came: from here on its descriptors have an owner.
  void Take(msghdr* header) {
    address_.set_length(header->msg_namelen);
    flags_ = header->msg_flags;
    sys::ParseControl(header, &ancillary_);
  }

  // A NativeReceived; nullptr when an exception is pending. The descriptors are still owned here.
  napi_value Make(napi_env env, int64_t length) {
    napi_value object = nullptr;
    if (napi_create_object(env, &object) != napi_ok) return nullptr;
    napi_value address = MakeBuffer(env, address_.bytes());
    if (address == nullptr || !SetField(env, object, "length", ToValue(env, length)) ||
        !SetField(env, object, "flags", ToValue(env, flags_)) ||
        !SetField(env, object, "address", address) || !SetAncillary(env, object, ancillary_)) {
      return nullptr;
    }
    return object;
  }

  // The descriptors are the caller's now.
  void Release() {
    ancillary_.ReleaseRights();
    (void)ancillary_.pidfd.Release();
  }

 private:
  BufferList buffers_;
  sys::Array<iovec> iovecs_;
  sys::Address address_;
  int flags_ = 0;
  alignas(cmsghdr) unsigned char control_[sys::kControlCapacity];
  sys::Ancillary ancillary_;
};

}  // namespace

int64_t SendMessage(BlockingDescriptors& blocking, const Arguments& arguments) {
  int fd, flags;
  if (!GetInt(arguments.env, arguments[0], &fd) || !GetInt(arguments.env, arguments[2], &flags)) {
    return -EINVAL;
  }
  MessageToSend message;
  msghdr header;
  int error = message.Read(arguments.env, arguments[1]);
  if (error == 0) error = message.Fill(arguments.env, &header);
  if (error < 0) return error;
  return sys::SendMessage(fd, &header, flags | blocking.WaitFlags(fd));
}

int64_t SendMany(BlockingDescriptors& blocking, const Arguments& arguments) {
  int fd, flags;
  uint32_t count;
  if (!GetInt(arguments.env, arguments[0], &fd) ||
      !GetArrayLength(arguments.env, arguments[1], &count) ||
      !GetInt(arguments.env, arguments[2], &flags)) {
    return -EINVAL;
  }
  count = std::min(count, sys::kMaxVectors);
  const auto messages = std::make_unique<MessageToSend[]>(count);
  sys::Array<mmsghdr> headers(count);
  int error = 0;
  // As the kernel does: those before a wrong one go out.
  for (uint32_t i = 0; i < count; ++i) {
    napi_value value;
    error = napi_get_element(arguments.env, arguments[1], i, &value) == napi_ok
                ? messages[i].Read(arguments.env, value)
                : -EINVAL;
    if (error < 0) count = i;
  }
  for (uint32_t i = 0; i < count; ++i) {
    const int lost = messages[i].Fill(arguments.env, &headers[i].msg_hdr);
    if (lost == 0) continue;
    error = lost;
    count = i;
  }
  if (count == 0 && error < 0) return error;
  flags |= blocking.WaitFlags(fd);
  return sys::SendMany(fd, headers.data(), count, flags);
}

// Reads the arguments that recvmsg and recvmmsg share, but for the buffers in arguments[1].
static bool ReadReceive(const Arguments& arguments, int* fd, int* control_length, int* flags) {
  return GetInt(arguments.env, arguments[0], fd) &&
         GetInt(arguments.env, arguments[2], control_length) &&
         GetInt(arguments.env, arguments[3], flags) && *control_length >= 0 &&
         static_cast<size_t>(*control_length) <= sys::kControlCapacity;
}

napi_value ReceiveMessage(BlockingDescriptors& blocking, const Arguments& arguments) {
  int fd, control_length, flags;
  if (!ReadReceive(arguments, &fd, &control_length, &flags)) return ToValue(arguments.env, -EINVAL);
  MessageToReceive message;
  msghdr header;
  int error = message.Read(arguments.env, arguments[1]);
  if (error == 0) error = message.Fill(arguments.env, &header, static_cast<size_t>(control_length));
  if (error < 0) return ToValue(arguments.env, error);
  flags |= blocking.WaitFlags(fd);
  const ssize_t length = sys::ReceiveMessage(fd, &header, flags);
  if (length < 0) return ToValue(arguments.env, length);
  message.Take(&header);
  napi_value result = message.Make(arguments.env, length);
  if (result == nullptr) return nullptr;
  message.Release();
  return result;
}

napi_value ReceiveMany(BlockingDescriptors& blocking, const Arguments& arguments) {
  int fd, control_length, flags;
  uint32_t count;
  if (!ReadReceive(arguments, &fd, &control_length, &flags) ||
      !GetArrayLength(arguments.env, arguments[1], &count)) {
    return ToValue(arguments.env, -EINVAL);
  }
  count = std::min(count, sys::kMaxVectors);
  const auto messages = std::make_unique<MessageToReceive[]>(count);
  sys::Array<mmsghdr> headers(count);
  for (uint32_t i = 0; i < count; ++i) {
    napi_value buffers;
    const int error = napi_get_element(arguments.env, arguments[1], i, &buffers) == napi_ok
                          ? messages[i].Read(arguments.env, buffers)
                          : -EINVAL;
    if (error < 0) return ToValue(arguments.env, error);
  }
  const auto room = static_cast<size_t>(control_length);
  for (uint32_t i = 0; i < count; ++i) {
    const int error = messages[i].Fill(arguments.env, &headers[i].msg_hdr, room);
    if (error < 0) return ToValue(arguments.env, error);
  }
  flags |= blocking.WaitFlags(fd);
  const int received = sys::ReceiveMany(fd, headers.data(), count, flags);
  if (received < 0) return ToValue(arguments.env, received);

  const auto arrived = static_cast<uint32_t>(received);
  for (uint32_t i = 0; i < arrived; ++i) messages[i].Take(&headers[i].msg_hdr);
  napi_value results;
  if (napi_create_array_with_length(arguments.env, arrived, &results) != napi_ok) return nullptr;
  for (uint32_t i = 0; i < arrived; ++i) {
    const HandleScope scope(arguments.env);
    napi_value result = messages[i].Make(arguments.env, headers[i].msg_len);
    if (result == nullptr || napi_set_element(arguments.env, results, i, result) != napi_ok) {
      return nullptr;
    }
  }
  for (uint32_t i = 0; i < arrived; ++i) messages[i].Release();
  return results;
}

}  // namespace afunix
