// Receive memory shared by all sockets of one environment.
//
// Messages land in slots that only C++ sees, each as large as the kernel's largest datagram. Small
// ones are packed into a chunk, from which JavaScript copies each into memory of its own; a large
// one gets its own memory here. So no two messages share an ArrayBuffer, and whoever transfers one
// affects no other. Slots are address space, not memory: pages that no message touched are not
// there, and those a large message touched are given back.
#pragma once

#include <node_api.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "budget.h"
#include "chunk.h"
#include "napi/values.h"
#include "sys/ancillary.h"
#include "sys/array.h"
#include "sys/messages.h"

namespace afunix {

enum class ControlRoom {
  kNone,
  kTimestamp,  // enough to tell an empty packet from the end, too little for a descriptor
  kFull,
  kFullWithTime,  // kFull, and the time is one of the things that a message brings
};

class ReceiveSlab {
 public:
  // Larger messages get memory of their own here.
  static constexpr size_t kSmallMessage = 4096;
  // A larger read of a stream keeps the memory that it landed in. A smaller one is copied out.
  static constexpr size_t kSmallRead = 16 * 1024;

  // The chunks that JavaScript reads from.
  enum Source : int32_t {
    kPacked,  // the numbers, small messages behind them, and what JavaScript sends; never lent
    kLent,    // small messages that JavaScript has until its callback returns
    kStream,  // bytes of a stream
    kSources,
  };

  // The numbers called meta: the ids of the chunks, then kStride numbers a message.
  static constexpr size_t kHeader = kSources;
  // kSender is not 0, and that of the message before if the address is the same.
  enum Field : size_t {
    kOffset,
    kLength,
    kSize,
    kFlags,
    kAddressLength,
    kSender,
    kSource,
    kStride
  };
  static constexpr size_t kMeta = kHeader + kStride * kMaxReceiveBatch;
  // kOwn: the bytes are in no chunk. Take() has them, or the caller's memory.
  enum Flag : int32_t { kTruncated = 1, kControlTruncated = 2, kAncillary = 4, kOwn = 8 };

  // The numbers called ancillary: these, then the descriptors.
  enum AncillaryField : size_t {
    kHasCredentials,
    kPid,
    kUid,
    kGid,
    kPidFd,
    kDropped,
    kHasTimestamp,
    kTimestamp,  // a double, in two numbers
    kRights = kTimestamp + 2
  };

  static constexpr size_t kNameRoom = 128;
  static constexpr size_t kBatch = kMaxReceiveBatch * (kSmallMessage + kNameRoom);
  static constexpr size_t kNumbers = (kMeta + kRights + sys::kMaxRights) * sizeof(int32_t);
  // Where the messages begin in kPacked, and where the bytes lie that JavaScript sends: at most
  // kSmallSend. V8 has so few in the object of a typed array itself, and would allocate memory for
  // them if it were asked where they are.
  static constexpr size_t kMessages = (kNumbers + 7) & ~size_t{7};
  static constexpr size_t kOutgoing = kMessages + kBatch;
  static constexpr size_t kSmallSend = 64;

  ReceiveSlab() = default;
  ~ReceiveSlab();
  ReceiveSlab(const ReceiveSlab&) = delete;
  ReceiveSlab& operator=(const ReceiveSlab&) = delete;

  // The kSmallSend bytes at kOutgoing, for sends; nullptr if JavaScript has detached them.
  const unsigned char* outgoing(napi_env env) const {
    const unsigned char* memory = chunks_[kPacked].Find(env);
    return memory == nullptr ? nullptr : memory + kOutgoing;
  }

  // Must be called first. Returns false when JavaScript has no memory.
  bool Initialize(napi_env env) { return chunks_[kPacked].Get(env) != nullptr; }
  // The Buffer that begins with meta, and has ancillary behind it.
  napi_value numbers(napi_env env) const { return chunk(env, kPacked); }
  // The Buffer of a source; nullptr if there is none.
  napi_value chunk(napi_env env, int source) const;
  sys::Ancillary* ancillary(size_t index) {
    return control_ == nullptr || index >= kMaxReceiveBatch ? nullptr : &control_->parsed[index];
  }

  // Of message `index` of the last receive: its bytes, and the descriptors nobody has taken yet.
  int length(size_t index) const { return static_cast<int>(messages_[index].length); }
  size_t rights(size_t index) const {
    return messages_[index].ancillary ? control_->parsed[index].CountDescriptors() : 0;
  }

  // Describes in ancillary what message `index` brought, less the descriptors over `max_rights`,
  // which are closed, and unless `placeholders` less the first one that was refused and those
  // behind it, as the kernel has it without SO_RIGHTS_NOTRUNC. Returns ancillary: the descriptors
  // in it, as many as `count` says, are the caller's, and so is the pidfd. nullptr if JavaScript
  // has detached it: nothing is taken.
  const int32_t* TakeAncillary(napi_env env, size_t index, size_t max_rights, bool placeholders,
                               size_t* count);

  // A Buffer with the bytes of message `index`, which is kOwn; for those of a stream, with zeros
  // behind them. Once; nullptr if there is none, or no memory.
  napi_value Take(napi_env env, size_t index);

  // Receives up to `batch` messages (at most kMaxReceiveBatch) of at most `limit` bytes (0: any)
  // each, and describes them in meta. Small ones are put into `source`. Returns how many, 0 at the
  // end of a connection (`ends`), or -errno.
  int ReceiveMessages(napi_env env, int fd, unsigned batch, size_t limit, int flags,
                      ControlRoom room, bool ends, Source source = kPacked);
  // Receives one message as ReceiveMessages() does, but its bytes into `memory`, as many as fit.
  int ReceiveInto(napi_env env, int fd, Bytes memory, size_t limit, int flags, ControlRoom room,
                  bool ends);
  // Receives up to kMaxStreamRead bytes as message 0. Returns 1, 0 at the end, or -errno.
  int ReceiveBytes(napi_env env, int fd, int flags, ControlRoom room);
  // Whether the last ReceiveBytes() filled all its room: there may be more.
  bool full() const { return messages_[0].length == kMaxStreamRead; }

 private:
  // Where the bytes of a kOwn message are until they are taken.
  enum class Keeper { kNone, kSlot, kStreamChunk };
  // What the last receive brought.
  struct Received {
    size_t length = 0;
    bool ancillary = false;
    Keeper keeper = Keeper::kNone;
  };
  struct Control {
    alignas(cmsghdr) unsigned char buffers[kMaxReceiveBatch][sys::kControlCapacity];
    sys::Ancillary parsed[kMaxReceiveBatch];
  };

  bool MapSlots();
  bool MakeControl();
  // Makes headers [0, batch) ready for the kernel.
  void Prepare(unsigned batch, size_t limit, ControlRoom room);
  // recvmmsg(2), or the cheaper recvmsg(2) for one. Returns how many, or -errno.
  int Call(int fd, unsigned batch, int flags);
  // As ReceiveMessages(); `memory` is where one message goes, nullptr for the slots.
  int Receive(napi_env env, int fd, unsigned batch, size_t limit, int flags, ControlRoom room,
              bool ends, Source source, const Bytes* memory);
  void PrepareHeader(unsigned index, size_t limit, ControlRoom room);
  // Returns the number of the sender with this address.
  int32_t SenderOf(std::string_view address);
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
  mmsghdr headers_[kMaxReceiveBatch] = {};
  iovec vectors_[kMaxReceiveBatch] = {};
  alignas(sockaddr_un) unsigned char names_[kMaxReceiveBatch][kNameRoom] = {};
  alignas(cmsghdr) unsigned char timestamps_[kMaxReceiveBatch][64] = {};

  sys::Array<char> sender_;  // the last one's address
  int32_t sender_number_ = 0;
  Received messages_[kMaxReceiveBatch];
  Chunk chunks_[kSources]{Chunk(kOutgoing + kSmallSend), Chunk(kBatch), Chunk(kMaxStreamRead)};
};

}  // namespace afunix
