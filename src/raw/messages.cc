#include "messages.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "blocking.h"
#include "napi/util.h"
#include "socket/message_values.h"
#include "sys/messages.h"

namespace afunix {

namespace {

using Info = Napi::CallbackInfo;

// What one call takes at most (UIO_MAXIOV). The kernel leaves the rest out, too.
constexpr uint32_t kMaxMessages = 1024;

// Everything that one msghdr to send points to.
class Outgoing {
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
    if (error == 0) error = ReadAddress(env, address, &address_, &keep_, &has_address_);
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
  std::vector<iovec> iovecs_;
  sys::Address address_;
  sys::UniqueFd keep_;
  bool has_address_ = false;
  sys::ControlBuilder control_;
};

// Everything that one msghdr to receive points to.
class Incoming {
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
    if (address == nullptr || !SetField(env, object, "length", MakeResult(env, length)) ||
        !SetField(env, object, "flags", MakeResult(env, flags_)) ||
        !SetField(env, object, "address", address) ||
        !SetAncillary(Napi::Object(env, object), ancillary_)) {
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
  std::vector<iovec> iovecs_;
  sys::Address address_;
  int flags_ = 0;
  alignas(cmsghdr) unsigned char control_[sys::kControlCapacity];
  sys::Ancillary ancillary_;
};

Napi::Value SendMessage(const Info& info) {
  int fd, flags;
  if (!GetInt(info.Env(), info[0], &fd) || !GetInt(info.Env(), info[2], &flags)) {
    return Invalid(info);
  }
  Outgoing message;
  msghdr header;
  int error = message.Read(info.Env(), info[1]);
  if (error == 0) error = message.Fill(info.Env(), &header);
  if (error < 0) return MakeResult(info.Env(), error);
  return MakeResult(info.Env(), sys::SendMessage(fd, &header, flags | WaitFlags(info.Env(), fd)));
}

Napi::Value SendMany(const Info& info) {
  int fd, flags;
  uint32_t count;
  if (!GetInt(info.Env(), info[0], &fd) || !GetArrayLength(info.Env(), info[1], &count) ||
      !GetInt(info.Env(), info[2], &flags)) {
    return Invalid(info);
  }
  count = std::min(count, kMaxMessages);
  const auto messages = std::make_unique<Outgoing[]>(count);
  std::vector<mmsghdr> headers(count);
  int error = 0;
  // As the kernel does: those before a wrong one go out.
  for (uint32_t i = 0; i < count; ++i) {
    napi_value value;
    error = napi_get_element(info.Env(), info[1], i, &value) == napi_ok
                ? messages[i].Read(info.Env(), value)
                : -EINVAL;
    if (error < 0) count = i;
  }
  for (uint32_t i = 0; i < count; ++i) {
    const int lost = messages[i].Fill(info.Env(), &headers[i].msg_hdr);
    if (lost == 0) continue;
    error = lost;
    count = i;
  }
  if (count == 0 && error < 0) return MakeResult(info.Env(), error);
  flags |= WaitFlags(info.Env(), fd);
  return MakeResult(info.Env(), sys::SendMany(fd, headers.data(), count, flags));
}

// Reads the arguments that recvmsg and recvmmsg share, beside the buffers in info[1].
bool ReadReceive(const Info& info, int* fd, int* control_length, int* flags) {
  return GetInt(info.Env(), info[0], fd) && GetInt(info.Env(), info[2], control_length) &&
         GetInt(info.Env(), info[3], flags) && *control_length >= 0 &&
         static_cast<size_t>(*control_length) <= sys::kControlCapacity;
}

Napi::Value ReceiveMessage(const Info& info) {
  int fd, control_length, flags;
  if (!ReadReceive(info, &fd, &control_length, &flags)) return Invalid(info);
  Incoming message;
  msghdr header;
  int error = message.Read(info.Env(), info[1]);
  if (error == 0) error = message.Fill(info.Env(), &header, static_cast<size_t>(control_length));
  if (error < 0) return MakeResult(info.Env(), error);
  flags |= WaitFlags(info.Env(), fd);
  const ssize_t length = sys::ReceiveMessage(fd, &header, flags);
  if (length < 0) return MakeResult(info.Env(), length);
  message.Take(&header);
  napi_value result = message.Make(info.Env(), length);
  if (result == nullptr) return Napi::Value();
  message.Release();
  return Napi::Value(info.Env(), result);
}

Napi::Value ReceiveMany(const Info& info) {
  int fd, control_length, flags;
  uint32_t count;
  if (!ReadReceive(info, &fd, &control_length, &flags) ||
      !GetArrayLength(info.Env(), info[1], &count)) {
    return Invalid(info);
  }
  count = std::min(count, kMaxMessages);
  const auto messages = std::make_unique<Incoming[]>(count);
  std::vector<mmsghdr> headers(count);
  for (uint32_t i = 0; i < count; ++i) {
    napi_value buffers;
    const int error = napi_get_element(info.Env(), info[1], i, &buffers) == napi_ok
                          ? messages[i].Read(info.Env(), buffers)
                          : -EINVAL;
    if (error < 0) return MakeResult(info.Env(), error);
  }
  const auto room = static_cast<size_t>(control_length);
  for (uint32_t i = 0; i < count; ++i) {
    const int error = messages[i].Fill(info.Env(), &headers[i].msg_hdr, room);
    if (error < 0) return MakeResult(info.Env(), error);
  }
  flags |= WaitFlags(info.Env(), fd);
  const int received = sys::ReceiveMany(fd, headers.data(), count, flags);
  if (received < 0) return MakeResult(info.Env(), received);

  const auto arrived = static_cast<uint32_t>(received);
  for (uint32_t i = 0; i < arrived; ++i) messages[i].Take(&headers[i].msg_hdr);
  napi_value results;
  if (napi_create_array_with_length(info.Env(), arrived, &results) != napi_ok) return Napi::Value();
  for (uint32_t i = 0; i < arrived; ++i) {
    Napi::HandleScope scope(info.Env());
    napi_value result = messages[i].Make(info.Env(), headers[i].msg_len);
    if (result == nullptr || napi_set_element(info.Env(), results, i, result) != napi_ok) {
      return Napi::Value();
    }
  }
  for (uint32_t i = 0; i < arrived; ++i) messages[i].Release();
  return Napi::Value(info.Env(), results);
}

}  // namespace

void AddRawMessages(Napi::Object raw) {
  Napi::Env env = raw.Env();
  raw.Set("sendmsg", Napi::Function::New<SendMessage>(env, "sendmsg"));
  raw.Set("sendmmsg", Napi::Function::New<SendMany>(env, "sendmmsg"));
  raw.Set("recvmsg", Napi::Function::New<ReceiveMessage>(env, "recvmsg"));
  raw.Set("recvmmsg", Napi::Function::New<ReceiveMany>(env, "recvmmsg"));
}

}  // namespace afunix
