// A socket's life, and what it does when the loop says that it is ready.
#include "socket_wrap.h"

#include <cerrno>

#include "addon.h"
#include "napi/util.h"
#include "sys/calls.h"
#include "sys/messages.h"
#include "sys/platform.h"

namespace afunix {

namespace {

// 64 KiB each; libuv's streams have the same bound.
constexpr int kReadsPerTurn = 32;

}  // namespace

int SocketWrap::SetUp(int fd, int type) {
#ifdef __linux__
  // An empty packet and the end of the connection both receive as 0 bytes; only a packet has a
  // timestamp. SO_PASSCRED would tell them apart too, but makes connect(2) autobind.
  if (type == SOCK_SEQPACKET) return sys::SetIntOption(fd, SOL_SOCKET, SO_TIMESTAMP, 1);
#else
  (void)fd;
  (void)type;
#endif
  return 0;
}

napi_value SocketWrap::Create(Module* module, sys::UniqueFd fd, int type) {
  napi_value constructor = module->handle_constructor.Value();
  napi_value object = nullptr;
  // The constructor takes it from there: a descriptor is never a mere number on its way.
  module->nascent = std::move(fd);
  module->nascent_type = type;
  napi_new_instance(module->env, constructor, 0, nullptr, &object);
  module->nascent.Reset();
  return object;
}

napi_value SocketWrap::Construct(napi_env env, napi_callback_info info) {
  napi_value self = nullptr;
  size_t count = 0;
  napi_get_cb_info(env, info, &count, nullptr, &self, nullptr);
  Module* module = Module::Get(env);
  if (module == nullptr || !module->nascent) {
    napi_throw_type_error(env, "ERR_ILLEGAL_CONSTRUCTOR", "Illegal constructor");
    return nullptr;
  }
  auto* wrap = new SocketWrap(module, std::move(module->nascent), module->nascent_type);
  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<SocketWrap*>(data); };
  if (napi_wrap(env, self, wrap, finalize, nullptr, &wrap->reference_) != napi_ok) {
    delete wrap;
    return nullptr;
  }
  napi_value id = nullptr;
  napi_create_uint32(env, wrap->id_, &id);
  SetField(env, self, "id", id);
  return self;
}

SocketWrap::SocketWrap(Module* module, sys::UniqueFd fd, int type)
    : module_(module),
      fd_(std::move(fd)),
      poller_(&module->loop, this),
      type_(type),
      write_yield_(&module->crowd) {
#ifdef __linux__
  if (type_ == SOCK_SEQPACKET) room_ = ControlRoom::kTimestamp;
#endif
  if (module->free_ids.empty()) {
    id_ = static_cast<uint32_t>(module->handles.size());
    module->handles.push_back(this);
  } else {
    id_ = module->free_ids.back();
    module->free_ids.pop_back();
    module->handles[id_] = this;
  }
  next_ = module->sockets;
  link_ = &module->sockets;
  if (next_ != nullptr) next_->link_ = &next_;
  module->sockets = this;
}

SocketWrap::~SocketWrap() {
  Close();
  module_->handles[id_] = nullptr;
  module_->free_ids.push_back(id_);
  if (reference_ != nullptr) napi_delete_reference(module_->env, reference_);
}

void SocketWrap::Close() {
  if (link_ == nullptr) return;
  *link_ = next_;
  if (next_ != nullptr) next_->link_ = link_;
  link_ = nullptr;
  interest_ = 0;
  poller_.Close();
  if (path_ != nullptr) path_->Unlink();
  path_.reset();
  fd_.Reset();
  SetStrong(false);
}

// While it is awaited, nobody else need hold the socket.
void SocketWrap::SetStrong(bool strong) {
  if (strong == strong_ || reference_ == nullptr) return;
  strong_ = strong;
  if (strong) {
    napi_reference_ref(module_->env, reference_, nullptr);
  } else {
    napi_reference_unref(module_->env, reference_, nullptr);
  }
}

int SocketWrap::Rearm() {
  // Readable stays armed when nobody waits for it, until it comes unasked: the next wait then needs
  // no epoll_ctl. Writable would come at once, so it goes.
  const int result = poller_.Arm(fd_.get(), interest_ | (poller_.armed() & kReadable));
  if (result < 0) interest_ &= poller_.armed();
  poller_.SetReference(referenced_ && interest_ != 0);
  SetStrong(interest_ != 0);
  return result;
}

// The peer makes room while this socket sends and yields: in the set, it would wake it for each
// message.
void SocketWrap::LeaveSet() {
  if (++made_room_ < Poller::kBeforeRest) return;
  made_room_ = 0;
  if (interest_ == 0) {
    poller_.Arm(fd_.get(), 0);
  } else {
    poller_.Rest();
  }
}

int SocketWrap::Wait(int events) {
  if (!fd_) return -EBADF;
  interest_ |= events;
  return Rearm();
}

void SocketWrap::OnReady(int events) {
  Napi::HandleScope scope(module_->env);
  // Keeps this object through the calls below, whatever they close.
  [[maybe_unused]] const napi_value self = Self();
  const int ready = events & interest_;
  if ((events & kReadable) != 0 && (interest_ & kReadable) == 0) {
    poller_.Arm(fd_.get(), poller_.armed() & ~kReadable);
  }
  if ((ready & kReadable) != 0 && !Deliver() && (type_ == SOCK_DGRAM || batch_ == 0) && fd_ &&
      sys::IsShutForReading(fd_.get())) {
    // It is readable for ever, and there will never be anything to read.
    Tell(-ESHUTDOWN);
  }
  // After reading, as libuv's streams: a peer that is gone shows as ECONNRESET, then as EPIPE.
  if ((ready & interest_ & kWritable) != 0) {
    interest_ &= ~kWritable;
    Dispatch(module_->on_writable, 0);
  }
  Settle();
}

bool SocketWrap::OnGuess() {
  if ((interest_ & kReadable) == 0) return false;
  Napi::HandleScope scope(module_->env);
  [[maybe_unused]] const napi_value self = Self();
  const bool came = Deliver();
  Settle();
  return came;
}

// After a delivery, which may have closed it.
void SocketWrap::Settle() {
  if (!fd_) return;
  const int waits = interest_;
  const int error = Rearm();
  // It cannot be watched, for want of memory: whoever waits must not wait for ever.
  const int lost = waits & ~interest_;
  if ((lost & kReadable) != 0) Dispatch(module_->on_readable, error);
  if ((lost & kWritable) != 0) Dispatch(module_->on_writable, 0);
  if (busy_poll_ > 0 && (interest_ & kReadable) != 0) module_->loop.StayAwake(busy_poll_);
}

// Receives what is asked for and tells it: a stream's whole reads again, for more is there, up to a
// number that lets other sockets have their turn. False if there was nothing: all is read, or
// another process with the same socket was faster.
bool SocketWrap::Deliver() {
  const unsigned before = taken_;
  for (int reads = 0; reads < kReadsPerTurn; reads++) {
    const int result = batch_ == 0 ? 0 : ReceiveReady();
    if (batch_ != 0 && result == -EAGAIN) return reads > 0;
    const bool more = type_ == SOCK_STREAM && batch_ != 0 && result > 0 && module_->slab.full();
    Tell(result);
    if (!more || (interest_ & kReadable) == 0 || !continuous_) break;
  }
  return batch_ != 0 || taken_ != before;
}

void SocketWrap::Tell(int result) {
  if (!continuous_) interest_ &= ~kReadable;
  Dispatch(module_->on_readable, result);
}

napi_value SocketWrap::Self() const {
  napi_value self = nullptr;
  napi_get_reference_value(module_->env, reference_, &self);
  return self;
}

void SocketWrap::Dispatch(const Napi::FunctionReference& function, int result) {
  napi_env env = module_->env;
  napi_value self = Self();
  napi_value callback = function.Value();
  napi_value argument = nullptr;
  if (self == nullptr) return;
  napi_create_int32(env, result, &argument);
  // Through a callback scope: microtasks and process.nextTick() run before it returns.
  if (napi_make_callback(env, nullptr, self, callback, 1, &argument, nullptr) == napi_ok) return;
  bool pending = false;
  napi_value error;
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending &&
      napi_get_and_clear_last_exception(env, &error) == napi_ok) {
    napi_fatal_exception(env, error);  // 'uncaughtException'
  }
}

int SocketWrap::ReceiveReady() {
  // The kernel's search for a second message costs a quarter of the call. Where one came at a time,
  // only every eighth event asks for more.
  constexpr unsigned kAskAgain = 8;
  const bool single = single_ > 0 && single_ % kAskAgain != 0;
  // Only here: no callback that has lent messages is running.
  const auto source = reuse_ ? ReceiveSlab::kLent : ReceiveSlab::kPacked;
  const int result = ReceiveBatch(single ? 1 : batch_, flags_, source);
  single_ = result == 1 ? single_ + 1 : 0;
  return result;
}

int SocketWrap::ReceiveBatch(unsigned batch, int flags, ReceiveSlab::Source source) {
  ReceiveSlab& slab = module_->slab;
  const int result = type_ == SOCK_STREAM
                         ? slab.ReceiveBytes(module_->env, fd_.get(), flags, room_)
                         : slab.ReceiveMessages(module_->env, fd_.get(), batch, limit_, flags,
                                                room_, type_ == SOCK_SEQPACKET, source);
  CountReceived(result, flags);
  return result;
}

int SocketWrap::Sent(int result) {
  if (result >= 0) module_->crowd.Advance(static_cast<size_t>(result) + 1);
  return sent_.Count(result);
}

int SocketWrap::Received(int result) {
  if (result >= 0) module_->crowd.Advance(static_cast<size_t>(result) + 1);
  return received_.Count(result);
}

void SocketWrap::CountReceived(int result, int flags) {
  if ((flags & MSG_PEEK) != 0) return;
  if (result == -EAGAIN) received_.again++;
  for (int i = 0; i < result; i++) {
    Received(module_->slab.length(static_cast<size_t>(i)));
    received_.fds += module_->slab.rights(static_cast<size_t>(i));
  }
}

}  // namespace afunix
