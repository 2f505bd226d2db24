#include "receive_slab.h"

#include <sys/mman.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

namespace afunix {

namespace {

// The kernel's limit for one datagram, whatever SO_SNDBUF: KMALLOC_MAX_SIZE and 17 pages of
// fragments (net/unix/af_unix.c, unix_dgram_sendmsg), rounded up.
constexpr size_t kLargestDatagram = (4u << 20) + (128u << 10);
// What a slot keeps of its pages after a large message.
constexpr size_t kSlotKept = 64 * 1024;

// Addresses begin where a view of any element type may.
constexpr size_t Align(size_t offset) { return (offset + 7) & ~size_t{7}; }

bool IsFull(ControlRoom room) {
  return room == ControlRoom::kFull || room == ControlRoom::kFullWithTime;
}

constexpr size_t kTimestampRoom = CMSG_SPACE(sizeof(timeval));
static_assert(kTimestampRoom <= 64);

}  // namespace

ReceiveSlab::~ReceiveSlab() {
  if (slots_ != nullptr) ::munmap(slots_, slot_size_ * kMaxReceiveBatch);
}

napi_value ReceiveSlab::chunk(napi_env env, int source) const {
  return source >= 0 && source < kSources ? chunks_[source].value(env) : nullptr;
}

bool ReceiveSlab::MapSlots() {
  if (slots_ != nullptr) return true;
  int flags = MAP_PRIVATE | MAP_ANONYMOUS;
#ifdef MAP_NORESERVE
  flags |= MAP_NORESERVE;
#endif
  // Less where the address space is limited (ulimit -v); a larger message then says `truncated`.
  for (size_t size = kLargestDatagram; size >= kSlotKept; size /= 4) {
    size &= ~static_cast<size_t>(4095);
    void* memory = ::mmap(nullptr, size * kMaxReceiveBatch, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (memory == MAP_FAILED) continue;
#ifdef MADV_NOHUGEPAGE
    // A huge page for each slot's first bytes would make 64 MiB of them.
    ::madvise(memory, size * kMaxReceiveBatch, MADV_NOHUGEPAGE);
#endif
    slots_ = static_cast<unsigned char*>(memory);
    slot_size_ = size;
    for (unsigned i = 0; i < kMaxReceiveBatch; i++) {
      headers_[i].msg_hdr.msg_iov = &vectors_[i];
      headers_[i].msg_hdr.msg_iovlen = 1;
      headers_[i].msg_hdr.msg_name = names_[i];
      vectors_[i].iov_base = slots_ + i * slot_size_;
    }
    return true;
  }
  return false;
}

bool ReceiveSlab::MakeControl() {
  if (control_ == nullptr) control_.reset(new (std::nothrow_t{}) Control);
  return control_ != nullptr;
}

size_t ReceiveSlab::control_length(ControlRoom room) const {
  switch (room) {
    case ControlRoom::kNone:
      return 0;
    case ControlRoom::kTimestamp:
      return kTimestampRoom;
    case ControlRoom::kFull:
    case ControlRoom::kFullWithTime:
      break;
  }
  return sys::kControlCapacity;
}

// A wake-up most often brings one message: to fill in all headers for it would cost more than all
// the rest of the receive.
void ReceiveSlab::Prepare(unsigned batch, size_t limit, ControlRoom room) {
  if (limit != limit_ || room != room_) used_ = prepared_ = 0;
  limit_ = limit;
  room_ = room;
  for (unsigned i = 0; i < std::min(batch, used_); i++) PrepareHeader(i, limit, room);
  for (; prepared_ < batch; prepared_++) PrepareHeader(prepared_, limit, room);
  if (used_ <= batch) used_ = 0;
}

void ReceiveSlab::PrepareHeader(unsigned index, size_t limit, ControlRoom room) {
  msghdr& header = headers_[index].msg_hdr;
  header.msg_namelen = sizeof(names_[index]);
  header.msg_flags = 0;
  header.msg_controllen = control_length(room);
  header.msg_control = IsFull(room)                      ? control_->buffers[index]
                       : room == ControlRoom::kTimestamp ? timestamps_[index]
                                                         : nullptr;
  vectors_[index].iov_len = limit == 0 ? slot_size_ : std::min(limit, slot_size_);
}

int32_t ReceiveSlab::ReadControl(unsigned index, msghdr& header, ControlRoom room, bool* any) {
  int32_t flags = 0;
  if ((header.msg_flags & MSG_TRUNC) != 0) flags |= kTruncated;
  if ((header.msg_flags & MSG_CTRUNC) != 0) flags |= kControlTruncated;
  *any = header.msg_controllen > 0;
  if (IsFull(room) && *any) {
    sys::Ancillary& parsed = control_->parsed[index];
    sys::ParseControl(&header, &parsed);
    // Each packet has one (see SocketWrap): nothing is made of what nobody asked for.
    if (room == ControlRoom::kFull) parsed.has_timestamp = false;
    if (!parsed.empty()) flags |= kAncillary;
  }
  return flags;
}

const int32_t* ReceiveSlab::TakeAncillary(napi_env env, size_t index, size_t max_rights,
                                          bool placeholders, size_t* count) {
  *count = 0;
  auto* numbers = reinterpret_cast<int32_t*>(chunks_[kPacked].Find(env));
  if (numbers == nullptr) return nullptr;
  int32_t* fields = numbers + kMeta;
  std::fill_n(fields, static_cast<size_t>(kRights), 0);
  fields[kPidFd] = -1;
  sys::Ancillary* from = ancillary(index);
  if (from == nullptr) return fields;
  if (from->has_credentials) {
    fields[kHasCredentials] = 1;
    fields[kPid] = from->credentials.pid;
    fields[kUid] = static_cast<int32_t>(from->credentials.uid);
    fields[kGid] = static_cast<int32_t>(from->credentials.gid);
  }
  if (from->has_timestamp) {
    fields[kHasTimestamp] = 1;
    std::memcpy(fields + kTimestamp, &from->timestamp, sizeof(from->timestamp));
  }
  const size_t kept =
      std::min(placeholders ? from->rights_count : from->FirstRefused(), max_rights);
  fields[kDropped] = static_cast<int32_t>(from->rights_count - kept);
  from->CloseRightsFrom(kept);
  std::copy_n(from->rights, kept, fields + kRights);
  from->ReleaseRights();
  if (from->pidfd) fields[kPidFd] = from->pidfd.Release();
  *count = kept;
  return fields;
}

napi_value ReceiveSlab::Take(napi_env env, size_t index) {
  if (index >= kMaxReceiveBatch) return nullptr;
  Received& message = messages_[index];
  napi_value buffer = nullptr;
  switch (std::exchange(message.keeper, Keeper::kNone)) {
    case Keeper::kNone:
      break;
    case Keeper::kStreamChunk:
      buffer = chunks_[kStream].value(env);
      // Earlier reads, of other connections, landed there, too.
      if (unsigned char* memory = chunks_[kStream].Find(env)) {
        std::memset(memory + message.length, 0, kMaxStreamRead - message.length);
      }
      chunks_[kStream].Leave(env);
      break;
    case Keeper::kSlot: {
      void* to = nullptr;
      void* slot = vectors_[index].iov_base;
      if (napi_create_buffer(env, message.length, &to, &buffer) != napi_ok) return nullptr;
      std::memcpy(to, slot, message.length);
      if (message.length > kSlotKept) {
        ::madvise(static_cast<char*>(slot) + kSlotKept, slot_size_ - kSlotKept, MADV_DONTNEED);
      }
      break;
    }
  }
  return buffer;
}

int32_t ReceiveSlab::SenderOf(std::string_view address) {
  if (address != std::string_view(sender_.data(), sender_.size())) {
    sender_.resize(address.size());
    std::copy(address.begin(), address.end(), sender_.begin());
    sender_number_ = sender_number_ == INT32_MAX ? 1 : sender_number_ + 1;
  }
  return sender_number_;
}

int ReceiveSlab::Call(int fd, unsigned batch, int flags) {
  // MSG_TRUNC: the result is the real length, also of a message that did not fit.
  if (batch > 1) return sys::ReceiveMany(fd, headers_, batch, flags | MSG_TRUNC | MSG_DONTWAIT);
  const ssize_t length =
      sys::ReceiveMessage(fd, &headers_[0].msg_hdr, flags | MSG_TRUNC | MSG_DONTWAIT);
  if (length < 0) return static_cast<int>(length);
  headers_[0].msg_len = static_cast<unsigned>(length);
  return 1;
}

int ReceiveSlab::ReceiveMessages(napi_env env, int fd, unsigned batch, size_t limit, int flags,
                                 ControlRoom room, bool ends, Source source) {
  return Receive(env, fd, batch, limit, flags, room, ends, source, nullptr);
}

int ReceiveSlab::ReceiveInto(napi_env env, int fd, Bytes memory, size_t limit, int flags,
                             ControlRoom room, bool ends) {
  return Receive(env, fd, 1, limit, flags, room, ends, kPacked, &memory);
}

int ReceiveSlab::Receive(napi_env env, int fd, unsigned batch, size_t limit, int flags,
                         ControlRoom room, bool ends, Source source, const Bytes* memory) {
  if (!MapSlots() || (IsFull(room) && !MakeControl())) return -ENOMEM;
  // All memory is there before anything is received, so that no message is lost without it.
  unsigned char* const numbers = chunks_[kPacked].Find(env);
  unsigned char* const packed = source == kPacked ? numbers : chunks_[source].Get(env);
  if (numbers == nullptr || packed == nullptr) return -ENOMEM;
  auto* meta = reinterpret_cast<int32_t*>(numbers);
  batch = std::clamp(batch, 1u, kMaxReceiveBatch);
  Prepare(batch, limit, room);
  const iovec slot = vectors_[0];
  if (memory != nullptr) {
    const size_t most = limit == 0 ? memory->length : std::min(limit, memory->length);
    vectors_[0] = {memory->data, most};
  }
  const int received = Call(fd, batch, flags);
  const size_t first_room = std::exchange(vectors_[0], slot).iov_len;
  if (received <= 0) return received;
  used_ = std::max(used_, static_cast<unsigned>(received));

  meta[source] = chunks_[source].id();
  size_t used = source == kPacked ? kMessages : 0;
  int count = 0;
  for (; count < received; count++) {
    msghdr& header = headers_[count].msg_hdr;
    bool any = false;
    const int32_t message_flags = ReadControl(count, header, room, &any);
    // An empty packet has a timestamp (see SocketWrap), the end of the connection has nothing.
    if (ends && headers_[count].msg_len == 0 && !any) break;
    const size_t most = count == 0 ? first_room : vectors_[count].iov_len;
    const size_t length = std::min<size_t>(headers_[count].msg_len, most);
    const bool own = memory != nullptr || length > kSmallMessage;
    const std::string_view address =
        sys::AddressBytes(static_cast<const sockaddr*>(header.msg_name), header.msg_namelen);
    messages_[count] = {length, (message_flags & kAncillary) != 0,
                        own && memory == nullptr ? Keeper::kSlot : Keeper::kNone};
    int32_t* fields = meta + kHeader + static_cast<size_t>(count) * kStride;
    fields[kOffset] = static_cast<int32_t>(used);
    fields[kLength] = static_cast<int32_t>(length);
    fields[kSize] = static_cast<int32_t>(headers_[count].msg_len);
    fields[kFlags] = message_flags | (own ? kOwn : 0);
    fields[kAddressLength] = static_cast<int32_t>(address.size());
    fields[kSender] = address.empty() ? 0 : SenderOf(address);
    fields[kSource] = source;
    if (!own) {
      std::memcpy(packed + used, vectors_[count].iov_base, length);
      used += length;
    }
    // The address follows the bytes, or lies where they would.
    if (!address.empty()) std::memcpy(packed + used, address.data(), address.size());
    used = Align(used + address.size());
  }
  return count;
}

int ReceiveSlab::ReceiveBytes(napi_env env, int fd, int flags, ControlRoom room) {
  if (IsFull(room) && !MakeControl()) return -ENOMEM;
  auto* meta = reinterpret_cast<int32_t*>(chunks_[kPacked].Find(env));
  Chunk& chunk = chunks_[kStream];
  unsigned char* const to = chunk.Get(env);
  if (meta == nullptr || to == nullptr) return -ENOMEM;
  iovec vector = {to, kMaxStreamRead};
  msghdr header = {};
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  header.msg_control = IsFull(room) ? control_->buffers[0] : nullptr;
  header.msg_controllen = control_length(room);
  // Also without room: MSG_CTRUNC shows that descriptors were refused.
  const ssize_t result = sys::ReceiveMessage(fd, &header, flags | MSG_DONTWAIT);
  if (result <= 0) return static_cast<int>(result);
  bool any = false;
  const int32_t message_flags = ReadControl(0, header, room, &any);
  const auto length = static_cast<size_t>(result);
  const bool own = length > kSmallRead;
  messages_[0] = {length, (message_flags & kAncillary) != 0,
                  own ? Keeper::kStreamChunk : Keeper::kNone};
  meta[kStream] = chunk.id();
  int32_t* fields = meta + kHeader;
  fields[kOffset] = 0;
  fields[kLength] = fields[kSize] = static_cast<int32_t>(length);
  fields[kFlags] = message_flags | (own ? kOwn : 0);
  fields[kAddressLength] = fields[kSender] = 0;
  fields[kSource] = kStream;
  return 1;
}

}  // namespace afunix
