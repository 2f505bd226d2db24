// Batches of any messages through the receive slab: each is described where it lies, nothing that
// JavaScript has taken or detached is written to again, and each descriptor is taken or closed,
// once.
#include <fuzzer/FuzzedDataProvider.h>

#include <memory>
#include <vector>

#include "../../../src/socket/receive_slab.h"
#include "forged_kernel.h"
#include "plain_node_api.h"

using namespace afunix;  // NOLINT: this is their fuzzer

namespace {

FuzzedDataProvider* input = nullptr;

// A buffer that JavaScript has taken, and what it must hold.
struct Taken {
  PlainBuffer* buffer;
  std::string bytes;
};

// True for one byte in `n`, and never when the input is used up.
bool OneIn(uint8_t n) { return input->ConsumeIntegral<uint8_t>() % n == n - 1; }

std::string Text(size_t most) {
  return input->ConsumeBytesAsString(input->ConsumeIntegralInRange<size_t>(0, most));
}

bool IsFull(ControlRoom room) {
  return room == ControlRoom::kFull || room == ControlRoom::kFullWithTime;
}

std::string Control() {
  std::string control;
  while (!OneIn(3) && control.size() < 3000 && input->remaining_bytes() > 0) {
    cmsghdr header = {};
    header.cmsg_level = OneIn(16) ? 7 : SOL_SOCKET;
    header.cmsg_type =
        input->PickValueInArray({int{SCM_RIGHTS}, int{SCM_RIGHTS}, int{SCM_CREDENTIALS}, SCM_PIDFD,
                                 SCM_SECURITY, SCM_INQ, 29});
    std::string data = Text(32);
    // Many descriptors from a few bytes of input.
    while (OneIn(4) && data.size() < 1200) data += data + "\1\2\3";
    header.cmsg_len = CMSG_LEN(data.size());
    if (OneIn(32)) header.cmsg_len += input->ConsumeIntegral<int>();
    control.append(reinterpret_cast<const char*>(&header), sizeof(header));
    data.resize(CMSG_SPACE(data.size()) - CMSG_LEN(0), '\xff');
    control += data;
  }
  if (OneIn(32)) {
    control.resize(input->ConsumeIntegralInRange<size_t>(0, control.size()));
  }
  return control;
}

ForgedMessage Message() {
  ForgedMessage message;
  const size_t most = input->PickValueInArray<size_t>({64, 64, 64, 64, 64, 5000, 70'000, 300'000});
  message.data.assign(input->ConsumeIntegralInRange<size_t>(0, most),
                      input->ConsumeIntegral<char>());
  const sa_family_t family = AF_UNIX;
  message.name.assign(reinterpret_cast<const char*>(&family), sizeof(family));
  message.name += Text(120);
  if (OneIn(2)) message.name.clear();
  message.control = Control();
  message.flags = OneIn(8) ? input->ConsumeIntegral<int>() : 0;
  return message;
}

class Driver {
 public:
  void Run() {
    if (!slab_.Initialize(nullptr)) return;
    plain_memory.fails = [] { return OneIn(64); };
    while (input->remaining_bytes() > 0) Receive();
    plain_memory.fails = nullptr;
    for (const Taken& taken : taken_) {
      MUST(memcmp(taken.buffer->data.get(), taken.bytes.data(), taken.bytes.size()) == 0);
    }
  }

 private:
  void Receive() {
    ForgedKernel& kernel = forged_kernel;
    kernel = ForgedKernel();
    kernel.ends = input->ConsumeBool();
    kernel.interruptions = OneIn(8) ? 2 : 0;
    if (OneIn(32)) kernel.error = ENOMEM;
    const auto count = OneIn(8) ? 40 : input->ConsumeIntegralInRange<size_t>(1, 4);
    for (size_t i = 0; i < count; i++) kernel.queue.push_back(Message());
    auto room = input->PickValueInArray({ControlRoom::kNone, ControlRoom::kTimestamp,
                                         ControlRoom::kFull, ControlRoom::kFullWithTime});
    kernel.everything = IsFull(room);
    if (OneIn(8)) Detach(input->ConsumeIntegralInRange<int>(-1, ReceiveSlab::kSources));
    if (OneIn(4)) {
      if (room == ControlRoom::kTimestamp) room = ControlRoom::kNone;  // for packets only
      // What a stream sends is no datagram: it is cut to the room there is, and the rest comes
      // next.
      kernel.ends = true;
      for (ForgedMessage& message : kernel.queue) {
        if (message.data.empty()) message.control.clear();  // control messages ride on a byte
      }
      const int result = slab_.ReceiveBytes(nullptr, -1, 0, room);
      if (result == 1)
        kernel.given[0].data.resize(std::min(kernel.given[0].data.size(), kMaxStreamRead));
      Check(result, kMaxStreamRead, room, ReceiveSlab::kStream);
      return;
    }
    const auto batch = OneIn(4) ? 1 : input->ConsumeIntegralInRange<unsigned>(0, 40);
    const size_t limit = input->ConsumeBool() ? 0 : input->ConsumeIntegralInRange(1, 10'000);
    const auto source = OneIn(3) ? ReceiveSlab::kLent : ReceiveSlab::kPacked;
    const int result =
        slab_.ReceiveMessages(nullptr, -1, batch, limit, 0, room, kernel.ends, source);
    MUST(result <= static_cast<int>(std::min(std::max(batch, 1u), kMaxReceiveBatch)));
    Check(result, limit == 0 ? SIZE_MAX : limit, room, source);
  }

  // As JavaScript may do with what it was lent or, by the addon itself, with all else.
  void Detach(int source) {
    napi_value value = slab_.chunk(nullptr, source);
    if (value != nullptr) PlainBuffer::From(value)->Detach();
  }

  void Check(int result, size_t limit, ControlRoom room, ReceiveSlab::Source source) {
    const auto& given = forged_kernel.given;
    if (result <= 0) return;
    const auto count = static_cast<size_t>(result);
    const bool stream = source == ReceiveSlab::kStream;
    MUST(count <= given.size());
    MUST(stream || count == given.size() || given[count].IsEmpty());
    const auto* meta =
        reinterpret_cast<const int32_t*>(PlainBuffer::From(slab_.numbers(nullptr))->data.get());
    MUST(meta[source] != ids_[source] || slab_.chunk(nullptr, source) == chunks_[source]);
    ids_[source] = meta[source];
    chunks_[source] = slab_.chunk(nullptr, source);
    size_t end = 0;
    for (size_t i = 0; i < count; i++) {
      const int32_t* fields = meta + ReceiveSlab::kHeader + i * ReceiveSlab::kStride;
      MUST(fields[ReceiveSlab::kSource] == source);
      MUST(static_cast<size_t>(fields[ReceiveSlab::kOffset]) >= end);
      end = CheckMessage(i, given[i], fields, limit);
      if (IsFull(room) && !OneIn(4)) Take(i);
    }
  }

  // Returns where the message ends in its chunk.
  size_t CheckMessage(size_t index, const ForgedMessage& message, const int32_t* fields,
                      size_t limit) {
    const bool stream = fields[ReceiveSlab::kSource] == ReceiveSlab::kStream;
    const std::string data = message.data.substr(0, limit);
    const bool own = (fields[ReceiveSlab::kFlags] & ReceiveSlab::kOwn) != 0;
    MUST(own == (data.size() > (stream ? ReceiveSlab::kSmallRead : ReceiveSlab::kSmallMessage)));
    MUST(static_cast<size_t>(fields[ReceiveSlab::kLength]) == data.size());
    MUST(static_cast<size_t>(fields[ReceiveSlab::kSize]) == message.data.size());
    const bool truncated = (fields[ReceiveSlab::kFlags] & ReceiveSlab::kTruncated) != 0;
    MUST(stream || truncated ||
         (data.size() == message.data.size() && (message.flags & MSG_TRUNC) == 0));
    const std::string address(
        stream ? std::string_view()
               : sys::AddressBytes(reinterpret_cast<const sockaddr*>(message.name.data()),
                                   static_cast<socklen_t>(message.name.size())));
    MUST(static_cast<size_t>(fields[ReceiveSlab::kAddressLength]) == address.size());

    const PlainBuffer* chunk = PlainBuffer::From(chunks_[fields[ReceiveSlab::kSource]]);
    const auto offset = static_cast<size_t>(fields[ReceiveSlab::kOffset]);
    const std::string packed = own ? address : data + address;
    MUST(offset + packed.size() <= chunk->size);
    MUST(memcmp(chunk->data.get() + offset, packed.data(), packed.size()) == 0);
    if (own && !OneIn(8)) {
      napi_value taken = slab_.Take(nullptr, index);
      MUST(slab_.Take(nullptr, index) == nullptr);
      if (taken != nullptr) taken_.push_back({PlainBuffer::From(taken), data});
    } else if (!own) {
      MUST(slab_.Take(nullptr, index) == nullptr);
    }
    return offset + packed.size();
  }

  // As JavaScript does for what a message brought.
  void Take(size_t index) {
    const sys::Ancillary& came = *slab_.ancillary(index);
    const bool placeholders = input->ConsumeBool();
    const size_t had = came.rights_count;
    const size_t whole = placeholders ? had : came.FirstRefused();
    const std::vector<int> rights(came.rights, came.rights + had);
    const auto most = input->ConsumeIntegralInRange<size_t>(0, sys::kMaxRights + 5);
    size_t kept = 0;
    const int32_t* fields = slab_.TakeAncillary(nullptr, index, most, placeholders, &kept);
    MUST(fields != nullptr);
    MUST(kept == std::min(whole, most));
    MUST(static_cast<size_t>(fields[ReceiveSlab::kDropped]) == had - kept);
    MUST(std::equal(rights.begin(), rights.begin() + static_cast<ptrdiff_t>(kept),
                    fields + ReceiveSlab::kRights));
    Ledger::open_->Take(fields + ReceiveSlab::kRights, kept);
    auto& taken = Ledger::open_->taken;
    if (fields[ReceiveSlab::kPidFd] >= 0) taken.push_back(fields[ReceiveSlab::kPidFd]);
  }

  ReceiveSlab slab_;
  std::vector<Taken> taken_;
  int32_t ids_[ReceiveSlab::kSources] = {};
  napi_value chunks_[ReceiveSlab::kSources] = {};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider provider(data, size);
  input = &provider;
  Ledger ledger;
  {
    const auto driver = std::make_unique<Driver>();
    driver->Run();
  }
  ledger.MustBalance();
  plain_memory.buffers.clear();
  return 0;
}
