// Which descriptors are ready, of many.
#include "../../src/sys/ready_set.h"

#include <sys/socket.h>

#include <string>
#include <vector>

#include "check.h"
#include "fixtures.h"

using namespace fixtures;

namespace {

// What `set` tells of `key` now: its events, 0 if it is not ready.
int EventsOf(ReadySet& set, uint64_t key) {
  Ready ready[64];
  int events = 0;
  const int count = set.Collect(ready, 64);
  for (int i = 0; i < count; i++) {
    if (ready[i].key == key) events |= ready[i].events;
  }
  return events;
}

}  // namespace

TEST(ReadySetIsCloseOnExec) {
  ReadySet set;
  CHECK_EQ(set.Open(), 0);
  CHECK(IsCloseOnExec(set.fd()));
}

TEST(ReadySetTellsAsLongAsItIsSo) {
  ReadySet set;
  Pair pair(SOCK_STREAM);
  CHECK_EQ(set.Open(), 0);
  CHECK_EQ(set.Watch(pair.first.get(), 0, kReadable, 7), 0);
  CHECK_EQ(EventsOf(set, 7), 0);
  CHECK_EQ(write(pair.second.get(), "x", 1), ssize_t{1});
  CHECK_EQ(EventsOf(set, 7), static_cast<int>(kReadable));
  CHECK_EQ(EventsOf(set, 7), static_cast<int>(kReadable));
  char byte;
  CHECK_EQ(read(pair.first.get(), &byte, 1), ssize_t{1});
  CHECK_EQ(EventsOf(set, 7), 0);
}

TEST(ReadySetWatchesForWhatItIsAsked) {
  ReadySet set;
  Pair pair(SOCK_STREAM);
  const int fd = pair.first.get();
  CHECK_EQ(set.Open(), 0);
  CHECK_EQ(write(pair.second.get(), "x", 1), ssize_t{1});
  CHECK_EQ(set.Watch(fd, 0, kWritable, 1), 0);
  CHECK_EQ(EventsOf(set, 1), static_cast<int>(kWritable));
  CHECK_EQ(set.Watch(fd, kWritable, kReadable | kWritable, 1), 0);
  CHECK_EQ(EventsOf(set, 1), kReadable | kWritable);
  CHECK_EQ(set.Watch(fd, kReadable | kWritable, kReadable, 1), 0);
  CHECK_EQ(EventsOf(set, 1), static_cast<int>(kReadable));
  CHECK_EQ(set.Watch(fd, kReadable, 0, 1), 0);
  CHECK_EQ(EventsOf(set, 1), 0);
}

// A peer that is gone would make it spin.
TEST(ReadySetIsSilentOfWhatItIsAskedNothing) {
  ReadySet set;
  Pair pair(SOCK_STREAM);
  CHECK_EQ(set.Open(), 0);
  CHECK_EQ(set.Watch(pair.first.get(), 0, kReadable, 1), 0);
  CHECK_EQ(set.Watch(pair.first.get(), kReadable, 0, 1), 0);
  pair.second.Reset();
  CHECK_EQ(EventsOf(set, 1), 0);
}

TEST(ReadySetTellsOfAPeerThatIsGone) {
  ReadySet set;
  Pair pair(SOCK_STREAM);
  CHECK_EQ(set.Open(), 0);
  CHECK_EQ(set.Watch(pair.first.get(), 0, kReadable, 1), 0);
  pair.second.Reset();
  CHECK((EventsOf(set, 1) & kReadable) != 0);
}

TEST(ReadySetRefusesWhatCannotBeWatched) {
  ReadySet set;
  CHECK_EQ(set.Open(), 0);
  CHECK_EQ(set.Watch(999, 0, kReadable, 1), -EBADF);
#ifdef __linux__
  const TemporaryDirectory directory;
  const UniqueFd file(open((directory / "file").c_str(), O_CREAT | O_RDWR, 0600));
  CHECK_EQ(set.Watch(file.get(), 0, kReadable, 1), -EPERM);
#endif
}

TEST(ReadySetTakesANumberAboveThoseItWatches) {
  ReadySet set;
  CHECK_EQ(set.Open(200), 0);
  CHECK(set.fd() >= 200);
#ifdef __linux__
  CHECK_EQ(fcntl(set.fd(), F_GETFD), FD_CLOEXEC);
#endif
  // Where there is none, it has the one that there is.
  CHECK_EQ(set.Open(1 << 30), 0);
  CHECK(set.fd() >= 0);
}

TEST(ReadySetHasATurnForEach) {
  ReadySet set;
  std::vector<Pair> pairs;
  for (int i = 0; i < 200; i++) pairs.emplace_back(SOCK_STREAM);
  CHECK_EQ(set.Open(), 0);
  for (size_t i = 0; i < pairs.size(); i++) {
    CHECK_EQ(set.Watch(pairs[i].first.get(), 0, kReadable, i), 0);
    CHECK_EQ(write(pairs[i].second.get(), "x", 1), ssize_t{1});
  }
  // None is read: those that were told already do not keep the others from their turn.
  std::vector<bool> told(pairs.size());
  for (int i = 0; i < 10; i++) {
    Ready ready[32];
    const int count = set.Collect(ready, 32);
    CHECK_EQ(count, 32);
    for (int j = 0; j < count; j++) told[ready[j].key] = true;
  }
  for (const bool each : told) CHECK(each);
}

// A loop of another kind watches it.
TEST(ReadySetIsReadableItself) {
  ReadySet inner, outer;
  Pair pair(SOCK_STREAM);
  CHECK_EQ(inner.Open(), 0);
  CHECK_EQ(outer.Open(), 0);
  CHECK_EQ(inner.Watch(pair.first.get(), 0, kReadable, 1), 0);
  CHECK_EQ(outer.Watch(inner.fd(), 0, kReadable, 2), 0);
  CHECK_EQ(EventsOf(outer, 2), 0);
  CHECK_EQ(write(pair.second.get(), "x", 1), ssize_t{1});
  CHECK_EQ(EventsOf(outer, 2), static_cast<int>(kReadable));
  char byte;
  CHECK_EQ(read(pair.first.get(), &byte, 1), ssize_t{1});
  CHECK_EQ(EventsOf(outer, 2), 0);
}
