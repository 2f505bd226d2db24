// Receive memory shared by all sockets of one environment.
//
// Messages land in slots that only C++ sees, each as large as the kernel's largest datagram, and
// are packed from there into chunks that JavaScript slices: a message costs its own bytes, and a
// batch costs no object here. Slots are address space, not memory: pages that no message touched
// are not there, and those a large message touched are given back.
#pragma once

#include <node_api.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "sys/ancillary.h"
#include "sys/messages.h"

namespace afunix {

enum class ControlRoom {
  kNone,
  kTimestamp,  // enough to tell an empty packet from the end, too little for a descriptor
  kFull,
};

class ReceiveSlab {
 public:
  static constexpr unsigned kMaxBatch = 32;
  static constexpr size_t kStreamRead = 64 * 1024;
  // Up to here they go into the chunk of the small ones. A read of a stream is then copied: it
  // would keep a whole chunk.
  static constexpr size_t kSmallMessage = 4096;
  static constexpr size_t kSmallRead = 16 * 1024;

  // meta: [smallChunkId, largeChunkId], then kStride numbers a message.
  static constexpr size_t kHeader = 2;
  enum Field : size_t { kOffset, kLength, kSize, kFlags, kAddressLength, kStride };
  enum Flag : int32_t { kTruncated = 1, kControlTruncated = 2, kAncillary = 4, kLarge = 8 };

  // beside: these, then the descriptors.
  enum BesideField : size_t { kHasCredentials, kPid, kUid, kGid, kPidFd, kDropped, kRights };

  ReceiveSlab() = default;
  ~ReceiveSlab();
  ReceiveSlab(const ReceiveSlab&) = delete;
  ReceiveSlab& operator=(const ReceiveSlab&) = delete;

  // Must be called first. Returns false when JavaScript has no memory.
  bool Initialize(napi_env env);
  napi_value meta(napi_env env) const;
  napi_value beside(napi_env env) const;
  const int32_t* beside() const { return beside_; }
  napi_value chunk(napi_env env, bool large) const;
  sys::Ancillary* ancillary(size_t index) {
    return control_ == nullptr || index >= kMaxBatch ? nullptr : &control_->parsed[index];
  }

  // Of message `index` of the last receive: its bytes, and the descriptors nobody has taken yet.
  int length(size_t index) const { return meta_[kHeader + index * kStride + kLength]; }
  size_t rights(size_t index) const {
    const bool any = (meta_[kHeader + index * kStride + kFlags] & kAncillary) != 0;
    return any ? control_->parsed[index].rights_count : 0;
  }

  // Describes in `beside` what message `index` brought, less the descriptors over `max_rights`,
  // which are closed. Returns how many descriptors it kept: they are the caller's, and so is the
  // pidfd.
  size_t TakeBeside(size_t index, size_t max_rights);

  // Receives up to `batch` messages (at most kMaxBatch) of at most `limit` bytes (0: any) each, and
  // describes them in meta. Returns how many, 0 at the end of a connection (`ends`), or -errno.
  int ReceiveMessages(napi_env env, int fd, unsigned batch, size_t limit, int flags,
                      ControlRoom room, bool ends);
  // Receives up to kStreamRead bytes as message 0. Returns 1, 0 at the end, or -errno.
  int ReceiveBytes(napi_env env, int fd, int flags, ControlRoom room);
  // Whether the last ReceiveBytes() filled all its room: there may be more.
  bool full() const { return meta_[kHeader + kLength] == static_cast<int32_t>(kStreamRead); }

  // Where the messages of one receive lie in the chunks.
  struct Extent {
    struct {
      int32_t id;
      size_t begin, end;
    } in[2];
  };
  // Of the last ReceiveMessages.
  const Extent& last() const { return last_; }
  // Takes the memory back: the next messages overwrite these. Not if others came after them, as
  // when the callback that got these receives on another socket.
  void Reuse(const Extent& extent);

 private:
  // JavaScript's memory, carved from the front. Replaced when it is full, never written again.
  struct Chunk {
    napi_ref buffer = nullptr;
    unsigned char* data = nullptr;
    size_t size = 0;
    size_t used = 0;
    int32_t id = 0;
  };
  struct Control {
    alignas(cmsghdr) unsigned char buffers[kMaxBatch][sys::kControlCapacity];
    sys::Ancillary parsed[kMaxBatch];
  };

  bool MapSlots();
  bool MakeControl();
  // Makes headers [0, batch) ready for the kernel.
  void Prepare(unsigned batch, size_t limit, ControlRoom room);
  // recvmmsg(2), or the cheaper recvmsg(2) for one. Returns how many, or -errno.
  int ReceiveInto(int fd, unsigned batch, int flags);
  void PrepareHeader(unsigned index, size_t limit, ControlRoom room);
  bool Reserve(napi_env env, bool large, size_t size);
  void Describe(unsigned index, bool large, std::string_view data, size_t size, int32_t flags,
                std::string_view address);
  int32_t ReadControl(unsigned index, msghdr& header, ControlRoom room, bool* any);
  size_t control_length(ControlRoom room) const;

  unsigned char* slots_ = nullptr;
  size_t slot_size_ = 0;
  std::unique_ptr<Control> control_;
  // Headers [used_, prepared_) are as they were prepared for this limit and room; the kernel has
  // written to those before.
  unsigned used_ = 0;
  unsigned prepared_ = 0;
  size_t limit_ = 0;
  ControlRoom room_ = ControlRoom::kNone;
  mmsghdr headers_[kMaxBatch] = {};
  iovec vectors_[kMaxBatch] = {};
  alignas(sockaddr_un) unsigned char names_[kMaxBatch][128] = {};
  alignas(cmsghdr) unsigned char timestamps_[kMaxBatch][64] = {};

  napi_ref meta_ref_ = nullptr;
  int32_t* meta_ = nullptr;
  napi_ref beside_ref_ = nullptr;
  int32_t* beside_ = nullptr;
  Chunk chunks_[2];
  Extent last_ = {};
};

}  // namespace afunix
