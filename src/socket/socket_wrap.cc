// A socket's life, and what it does when the loop says that it is ready.
#include "socket_wrap.h"

#include <poll.h>

#include <cerrno>
#include <utility>

#include "budget.h"
#include "napi/handle_scope.h"
#include "socket_table.h"
#include "sys/calls.h"
#include "sys/messages.h"
#include "sys/platform.h"
#include "sys/readiness.h"

namespace afunix {

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

SocketWrap::SocketWrap(SocketTable* table, sys::UniqueFd fd, int type)
    : table_(table),
      fd_(std::move(fd)),
      poller_(table->loop, this),
      id_(table->Add(this)),
      type_(type) {
#ifdef __linux__
  if (type_ == SOCK_SEQPACKET) room_ = ControlRoom::kTimestamp;
#endif
}

SocketWrap::~SocketWrap() {
  Close();
  table_->Remove(id_);
  if (handle_ != nullptr) napi_delete_reference(table_->env, handle_);
}

bool SocketWrap::Attach(napi_value handle) {
  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<SocketWrap*>(data); };
  return napi_wrap(table_->env, handle, this, finalize, nullptr, &handle_) == napi_ok;
}

void SocketWrap::Close() {
  if (CloseAtEnd()) SetStrong(false);
}

bool SocketWrap::CloseAtEnd() {
  if (std::exchange(closed_, true)) return false;
  interest_ = 0;
  poller_.Close();
  if (path_ != nullptr) path_->Unlink();
  path_.reset();
  fd_.Reset();
  return true;
}

void SocketWrap::SetStrong(bool strong) {
  if (strong == strong_ || handle_ == nullptr) return;
  strong_ = strong;
  if (strong) {
    napi_reference_ref(table_->env, handle_, nullptr);
  } else {
    napi_reference_unref(table_->env, handle_, nullptr);
  }
}

int SocketWrap::Rearm() {
  // Readable stays armed when nobody waits for it, until it comes: a wait before that needs no
  // epoll_ctl. Writable would come at once, so it is disarmed.
  const int result = poller_.Arm(fd_.get(), interest_ | (poller_.armed() & kReadable));
  if (result < 0) interest_ &= poller_.armed();
  poller_.SetReference(referenced_ && interest_ != 0);
  SetStrong(interest_ != 0);
  return result;
}

void SocketWrap::SetShown() {
  if (std::exchange(shown_, true)) return;
  if (poller_.StayInSet() < 0) UpdateInterest();
}

int SocketWrap::Wait(int events) {
  if (!fd_) return -EBADF;
  interest_ |= events;
  return Rearm();
}

void SocketWrap::OnReady(int events) {
  const HandleScope scope(table_->env);
  // Keeps this object through the calls below, whatever they close.
  const napi_value self = Handle();
  const int ready = events & interest_;
  if (!shown_ && (ready & kReadable) != 0) poller_.CountReady();
  if ((events & kReadable) != 0 && (interest_ & kReadable) == 0) {
    poller_.Arm(fd_.get(), poller_.armed() & ~kReadable);
  }
  if ((ready & kReadable) != 0) Deliver(self, batch_ == 0 ? 0 : ReceiveReady());
  // After reading, as libuv's streams: a peer that is gone shows as ECONNRESET, then as EPIPE.
  if ((ready & interest_ & kWritable) != 0) {
    interest_ &= ~kWritable;
    table_->DispatchWritable(self);
  }
  UpdateInterest();
}

bool SocketWrap::OnPoll() {
  if ((interest_ & kReadable) == 0) return false;
  const HandleScope scope(table_->env);
  const napi_value self = Handle();  // as in OnReady()
  const uint64_t again = received_.again;
  const int result = batch_ != 0 ? ReceiveReady() : sys::Poll(fd_.get(), POLLIN) > 0 ? 0 : -EAGAIN;
  if (result == -EAGAIN) {
    received_.again = again;  // nobody said that something was there
    return false;
  }
  if (!shown_) poller_.CountReady();
  Deliver(self, result);
  UpdateInterest();
  return true;
}

void SocketWrap::UpdateInterest() {
  if (!fd_) return;
  const int waits = interest_;
  const int error = Rearm();
  // Without memory to watch it, no event would come: those who wait are called now.
  const int lost = waits & ~interest_;
  if ((lost & kReadable) != 0) table_->DispatchReadable(Handle(), error);
  if ((lost & kWritable) != 0) table_->DispatchWritable(Handle());
  if (busy_poll_ > 0 && (interest_ & kReadable) != 0) poller_.BusyPoll(busy_poll_);
}

void SocketWrap::Deliver(napi_value handle, int result) {
  const unsigned before = received_calls_;
  // What JavaScript queues runs before the next one, but for a thread's events only after them.
  const int most = batch_ == 0 ? kMaxAcceptsPerEvent : kMaxReadsPerEvent;
  const int limit = table_->loop->is_libuv() ? most : 1;
  int reads = 0;
  while (batch_ == 0 || result != -EAGAIN) {
    // A stream's chunk that came full says that there is more.
    const bool more = type_ == SOCK_STREAM && batch_ != 0 && result > 0 && table_->slab.full();
    // One connection a call, as libuv: what its listener queued runs before the next is accepted.
    const unsigned accepted = accepted_;
    DeliverResult(handle, result);
    reads++;
    if (!more && accepted_ == accepted) break;
    if (reads == limit || (interest_ & kReadable) == 0 || !continuous_) break;
    result = batch_ == 0 ? 0 : ReceiveReady();
  }
  // Nothing came: another process with the same socket was faster, or the socket is shut for
  // reading. In the second case it is readable for ever, and nothing will ever come.
  const bool came = batch_ == 0 ? received_calls_ != before : reads > 0;
  if (!came && (type_ == SOCK_DGRAM || batch_ == 0) && fd_ && sys::IsShutForReading(fd_.get())) {
    DeliverResult(handle, -ESHUTDOWN);
  }
}

void SocketWrap::DeliverResult(napi_value handle, int result) {
  if (!continuous_) interest_ &= ~kReadable;
  table_->DispatchReadable(handle, result);
}

napi_value SocketWrap::Handle() const {
  napi_value handle = nullptr;
  napi_get_reference_value(table_->env, handle_, &handle);
  return handle;
}

int SocketWrap::ReceiveReady() {
  // The kernel's search for a second message costs a quarter of the call. Where one came at a time,
  // only every eighth event asks for more.
  constexpr unsigned kAskAgain = 8;
  const bool single = single_ > 0 && single_ % kAskAgain != 0;
  // Lends messages only here, where no callback is running that still has lent ones.
  const auto source = reuse_ ? ReceiveSlab::kLent : ReceiveSlab::kPacked;
  const int result = ReceiveBatch(single ? 1 : batch_, flags_, source);
  if (result != -EAGAIN) single_ = result == 1 ? single_ + 1 : 0;
  return result;
}

int SocketWrap::ReceiveBatch(unsigned batch, int flags, ReceiveSlab::Source source) {
  ReceiveSlab& slab = table_->slab;
  const int result = type_ == SOCK_STREAM
                         ? slab.ReceiveBytes(table_->env, fd_.get(), flags, room_)
                         : slab.ReceiveMessages(table_->env, fd_.get(), batch, limit_, flags, room_,
                                                type_ == SOCK_SEQPACKET, source);
  CountReceived(result, flags);
  return result;
}

void SocketWrap::CountReceived(int result, int flags) {
  if ((flags & MSG_PEEK) != 0) return;
  if (result == -EAGAIN) received_.again++;
  for (int i = 0; i < result; i++) {
    received_.Count(table_->slab.length(static_cast<size_t>(i)));
    received_.fds += table_->slab.rights(static_cast<size_t>(i));
  }
}

}  // namespace afunix
