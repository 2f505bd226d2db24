// How much one call does at most, however much could be done: so that no socket starves another.
// What lib/ has to know of it is exported (kLayout in addon.cc); lib/io/budget.ts bounds whole
// turns.
#pragma once

#include <cstddef>

namespace afunix {

// Messages of one recvmmsg(2).
constexpr unsigned kMaxReceiveBatch = 32;
// Bytes of one read of a stream, as libuv's.
constexpr size_t kMaxStreamRead = 64 * 1024;
// Reads of a stream in one event of the loop, as libuv's.
constexpr int kMaxReadsPerEvent = 32;
// Connections that a listening socket accepts in one event of the loop.
constexpr int kMaxAcceptsPerEvent = 64;
// Messages of one sendmmsg(2).
constexpr size_t kMaxSendMany = 64;
// Bytes of one write to a stream: to a reader who keeps up the kernel would go on without end.
constexpr size_t kMaxStreamWrite = 2 << 20;

}  // namespace afunix
