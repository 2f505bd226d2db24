// What poll(2) says of a socket now.
#include "../../src/sys/readiness.h"

#include <poll.h>

#include "../../src/sys/messages.h"
#include "check.h"
#include "fixtures.h"

using namespace fixtures;

TEST(SendBufferIsFullWhenNothingMoreGoes) {
  UniqueFd sender, receiver;
  CHECK_EQ(SocketPair(AF_UNIX, SOCK_DGRAM, 0, kDefault, &sender, &receiver), 0);
  CHECK_EQ(IsSendBufferFull(sender.get()), 0);
  char data[10000] = {};
  int sent = 0;
  bool quiet = false;  // poll(2) says not writable before the buffer is full
  while (Send(sender.get(), data, sizeof(data), MSG_DONTWAIT, nullptr) > 0) {
    sent++;
    quiet = quiet || (IsReady(sender.get(), POLLOUT) == 0 && IsSendBufferFull(sender.get()) == 0);
  }
  CHECK(sent > 5);
  CHECK(quiet);
  CHECK_EQ(IsSendBufferFull(sender.get()), 1);
  CHECK_EQ(Receive(receiver.get(), data, sizeof(data), MSG_DONTWAIT), 10000);
  CHECK_EQ(IsSendBufferFull(sender.get()), 0);
  CHECK_EQ(IsSendBufferFull(-1), -EBADF);
}
