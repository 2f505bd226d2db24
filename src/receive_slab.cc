#include "receive_slab.h"

#include <sys/mman.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace afunix {

namespace {

// The kernel's limit for one datagram, whatever SO_SNDBUF: KMALLOC_MAX_SIZE and 17 pages of
// fragments (net/unix/af_unix.c, unix_dgram_sendmsg), rounded up.
constexpr size_t kLargestDatagram = (4u << 20) + (128u << 10);
// What a slot keeps of its pages after a large message.
constexpr size_t kSlotKept = 64 * 1024;

// malloc(3) maps larger ones anew each time, and to touch fresh pages costs more than to receive
// into them.
constexpr size_t kChunk = 64 * 1024;

// Slices begin where a view of any element type may.
constexpr size_t Align(size_t offset) { return (offset + 7) & ~size_t{7}; }

// An Int32Array that lives as long as the environment.
int32_t* MakeNumbers(napi_env env, size_t count, napi_ref* reference) {
  napi_value buffer, view;
  void* data = nullptr;
  if (napi_create_arraybuffer(env, count * sizeof(int32_t), &data, &buffer) != napi_ok ||
      napi_create_typedarray(env, napi_int32_array, count, buffer, 0, &view) != napi_ok ||
      napi_create_reference(env, view, 1, reference) != napi_ok) {
    return nullptr;
  }
  return static_cast<int32_t*>(data);
}

constexpr size_t kTimestampRoom = CMSG_SPACE(sizeof(timeval));
static_assert(kTimestampRoom <= 64);

}  // namespace

ReceiveSlab::~ReceiveSlab() {
  if (slots_ != nullptr) ::munmap(slots_, slot_size_ * kMaxBatch);
}

bool ReceiveSlab::Initialize(napi_env env) {
  meta_ = MakeNumbers(env, kHeader + kStride * kMaxBatch, &meta_ref_);
  beside_ = MakeNumbers(env, kRights + sys::kMaxRights, &beside_ref_);
  return meta_ != nullptr && beside_ != nullptr;
}

napi_value ReceiveSlab::meta(napi_env env) const {
  napi_value value = nullptr;
  napi_get_reference_value(env, meta_ref_, &value);
  return value;
}

napi_value ReceiveSlab::beside(napi_env env) const {
  napi_value value = nullptr;
  napi_get_reference_value(env, beside_ref_, &value);
  return value;
}

napi_value ReceiveSlab::chunk(napi_env env, bool large) const {
  napi_value value = nullptr;
  if (chunks_[large].buffer != nullptr) {
    napi_get_reference_value(env, chunks_[large].buffer, &value);
  }
  return value;
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
    void* memory = ::mmap(nullptr, size * kMaxBatch, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (memory == MAP_FAILED) continue;
#ifdef MADV_NOHUGEPAGE
    // A huge page for each slot's first bytes would make 64 MiB of them.
    ::madvise(memory, size * kMaxBatch, MADV_NOHUGEPAGE);
#endif
    slots_ = static_cast<unsigned char*>(memory);
    slot_size_ = size;
    for (unsigned i = 0; i < kMaxBatch; i++) {
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
  if (control_ == nullptr) control_.reset(new (std::nothrow) Control);
  return control_ != nullptr;
}

size_t ReceiveSlab::control_length(ControlRoom room) const {
  switch (room) {
    case ControlRoom::kNone:
      return 0;
    case ControlRoom::kTimestamp:
      return kTimestampRoom;
    case ControlRoom::kFull:
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
  header.msg_control = room == ControlRoom::kNone        ? nullptr
                       : room == ControlRoom::kTimestamp ? timestamps_[index]
                                                         : control_->buffers[index];
  vectors_[index].iov_len = limit == 0 ? slot_size_ : std::min(limit, slot_size_);
}

bool ReceiveSlab::Reserve(napi_env env, bool large, size_t size) {
  Chunk& chunk = chunks_[large];
  if (chunk.size - chunk.used >= size) return true;
  const size_t wanted = std::max(size, kChunk);
  napi_value buffer;
  napi_ref reference;
  void* data = nullptr;
  if (napi_create_buffer(env, wanted, &data, &buffer) != napi_ok) return false;
  if (napi_create_reference(env, buffer, 1, &reference) != napi_ok) return false;
  if (chunk.buffer != nullptr) napi_delete_reference(env, chunk.buffer);
  chunk = {reference, static_cast<unsigned char*>(data), wanted, 0, chunk.id + 1};
  meta_[large] = chunk.id;
  return true;
}

// Room for it has been reserved.
void ReceiveSlab::Describe(unsigned index, bool large, std::string_view data, size_t size,
                           int32_t flags, std::string_view address) {
  Chunk& chunk = chunks_[large];
  unsigned char* to = chunk.data + chunk.used;
  if (!data.empty()) std::memcpy(to, data.data(), data.size());
  if (!address.empty()) std::memcpy(to + data.size(), address.data(), address.size());
  int32_t* fields = meta_ + kHeader + index * kStride;
  fields[kOffset] = static_cast<int32_t>(chunk.used);
  fields[kLength] = static_cast<int32_t>(data.size());
  fields[kSize] = static_cast<int32_t>(size);
  fields[kFlags] = flags | (large ? kLarge : 0);
  fields[kAddressLength] = static_cast<int32_t>(address.size());
  chunk.used = Align(chunk.used + data.size() + address.size());
}

int32_t ReceiveSlab::ReadControl(unsigned index, msghdr& header, ControlRoom room, bool* any) {
  int32_t flags = 0;
  if ((header.msg_flags & MSG_TRUNC) != 0) flags |= kTruncated;
  if ((header.msg_flags & MSG_CTRUNC) != 0) flags |= kControlTruncated;
  *any = header.msg_controllen > 0;
  if (room == ControlRoom::kFull && *any) {
    sys::Ancillary& parsed = control_->parsed[index];
    sys::ParseControl(&header, &parsed);
    if (!parsed.empty()) flags |= kAncillary;
  }
  return flags;
}

size_t ReceiveSlab::TakeBeside(size_t index, size_t max_rights) {
  std::fill_n(beside_, static_cast<size_t>(kRights), 0);
  beside_[kPidFd] = -1;
  sys::Ancillary* from = ancillary(index);
  if (from == nullptr) return 0;
  if (from->has_credentials) {
    beside_[kHasCredentials] = 1;
    beside_[kPid] = from->credentials.pid;
    beside_[kUid] = static_cast<int32_t>(from->credentials.uid);
    beside_[kGid] = static_cast<int32_t>(from->credentials.gid);
  }
  const size_t kept = std::min(from->rights_count, max_rights);
  beside_[kDropped] = static_cast<int32_t>(from->rights_count - kept);
  from->CloseRightsFrom(kept);
  std::copy_n(from->rights, kept, beside_ + kRights);
  from->ReleaseRights();
  if (from->pidfd) beside_[kPidFd] = from->pidfd.Release();
  return kept;
}

int ReceiveSlab::ReceiveInto(int fd, unsigned batch, int flags) {
  // MSG_TRUNC: the result is the real length, also of a message that did not fit.
  if (batch > 1) return sys::ReceiveMany(fd, headers_, batch, flags | MSG_TRUNC);
  const ssize_t length = sys::ReceiveMessage(fd, &headers_[0].msg_hdr, flags | MSG_TRUNC);
  if (length < 0) return static_cast<int>(length);
  headers_[0].msg_len = static_cast<unsigned>(length);
  return 1;
}

int ReceiveSlab::ReceiveMessages(napi_env env, int fd, unsigned batch, size_t limit, int flags,
                                 ControlRoom room, bool ends) {
  if (!MapSlots() || (room == ControlRoom::kFull && !MakeControl())) return -ENOMEM;
  batch = std::clamp(batch, 1u, kMaxBatch);
  Prepare(batch, limit, room);
  const int received = ReceiveInto(fd, batch, flags);
  if (received <= 0) return received;
  used_ = std::max(used_, static_cast<unsigned>(received));

  int32_t message_flags[kMaxBatch];
  size_t stored[kMaxBatch];
  size_t total[2] = {0, 0};
  int count = 0;
  for (; count < received; count++) {
    bool any = false;
    message_flags[count] = ReadControl(count, headers_[count].msg_hdr, room, &any);
    // An empty packet has a timestamp (see SocketWrap), the end of the connection has nothing.
    if (ends && headers_[count].msg_len == 0 && !any) break;
    stored[count] = std::min<size_t>(headers_[count].msg_len, vectors_[count].iov_len);
    total[stored[count] > kSmallMessage] += stored[count] + sizeof(names_[count]);
  }
  if (!Reserve(env, false, total[0]) || !Reserve(env, true, total[1])) return -ENOMEM;

  for (int kind = 0; kind < 2; kind++) {
    last_.in[kind] = {chunks_[kind].id, chunks_[kind].used, chunks_[kind].used};
  }
  for (int i = 0; i < count; i++) {
    const auto* slot = static_cast<const char*>(vectors_[i].iov_base);
    const size_t size = headers_[i].msg_len;
    const msghdr& header = headers_[i].msg_hdr;
    Describe(i, stored[i] > kSmallMessage, {slot, stored[i]}, size, message_flags[i],
             sys::AddressBytes(static_cast<const sockaddr*>(header.msg_name), header.msg_namelen));
    if (stored[i] > kSlotKept) {
      ::madvise(static_cast<char*>(vectors_[i].iov_base) + kSlotKept, slot_size_ - kSlotKept,
                MADV_DONTNEED);
    }
  }
  for (int kind = 0; kind < 2; kind++) last_.in[kind].end = chunks_[kind].used;
  return count;
}

void ReceiveSlab::Reuse(const Extent& extent) {
  for (int kind = 0; kind < 2; kind++) {
    const auto& in = extent.in[kind];
    Chunk& chunk = chunks_[kind];
    if (chunk.id == in.id && chunk.used == in.end) chunk.used = in.begin;
  }
}

int ReceiveSlab::ReceiveBytes(napi_env env, int fd, int flags, ControlRoom room) {
  // Large reads land where they stay.
  if (!Reserve(env, true, kStreamRead) || !Reserve(env, false, kSmallRead)) return -ENOMEM;
  Chunk& large = chunks_[1];
  unsigned char* to = large.data + large.used;
  if (room == ControlRoom::kFull && !MakeControl()) return -ENOMEM;
  iovec vector = {to, kStreamRead};
  msghdr header = {};
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  header.msg_control = room == ControlRoom::kFull ? control_->buffers[0] : nullptr;
  header.msg_controllen = control_length(room);
  // Without room, too: MSG_CTRUNC tells of refused descriptors.
  const ssize_t length = sys::ReceiveMessage(fd, &header, flags);
  if (length <= 0) return static_cast<int>(length);
  bool any = false;
  const int32_t message_flags = ReadControl(0, header, room, &any);

  const size_t size = static_cast<size_t>(length);
  if (size <= kSmallRead) {
    Describe(0, false, {reinterpret_cast<const char*>(to), size}, size, message_flags, {});
    return 1;
  }
  int32_t* fields = meta_ + kHeader;
  fields[kOffset] = static_cast<int32_t>(large.used);
  fields[kLength] = fields[kSize] = static_cast<int32_t>(size);
  fields[kFlags] = message_flags | kLarge;
  fields[kAddressLength] = 0;
  large.used = std::min(Align(large.used + size), large.size);
  return 1;
}

}  // namespace afunix
