// A thread that waits for a set of descriptors, and is told to go on, or to stop.
#include "../../src/sys/wait_set.h"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

#include "check.h"
#include "fixtures.h"

using namespace fixtures;

namespace {

// A thread that counts how often Wait() returned true, until it was stopped.
class Waiter {
 public:
  explicit Waiter(WaitSet* set) : set_(set) {
    CHECK_EQ(pthread_create(&thread_, nullptr, Run, this), 0);
  }
  // Returns when the thread has ended.
  void Join() { pthread_join(thread_, nullptr); }
  // Waits until it has counted so many.
  void Reach(int count) const {
    while (count_ < count) ::usleep(1000);
  }
  int count() const { return count_; }

 private:
  static void* Run(void* data) {
    auto* waiter = static_cast<Waiter*>(data);
    while (waiter->set_->Wait()) waiter->count_++;
    return nullptr;
  }

  WaitSet* const set_;
  std::atomic<int> count_{0};
  pthread_t thread_ = {};
};

void Write(const Pair& pair) { CHECK_EQ(::send(pair.first.get(), "x", 1, 0), 1); }

}  // namespace

TEST(WaitSetReturnsOnceForEachWatch) {
  WaitSet set;
  Pair pair(SOCK_STREAM);
  CHECK_EQ(set.Open(0), 0);
  CHECK_EQ(set.Watch(pair.second.get()), 0);
  Waiter waiter(&set);
  Write(pair);
  waiter.Reach(1);
  ::usleep(50'000);
  CHECK_EQ(waiter.count(), 1);  // it is still readable
  CHECK_EQ(set.Watch(pair.second.get()), 0);
  waiter.Reach(2);
  set.Stop();
  waiter.Join();
  CHECK_EQ(waiter.count(), 2);
}

TEST(WaitSetIsStoppedWhileItWaits) {
  WaitSet set;
  Pair pair(SOCK_STREAM);
  CHECK_EQ(set.Open(0), 0);
  CHECK_EQ(set.Watch(pair.second.get()), 0);
  Waiter waiter(&set);
  ::usleep(20'000);
  set.Stop();
  waiter.Join();
  CHECK_EQ(waiter.count(), 0);
}

TEST(WaitSetThatWasStoppedDoesNotWait) {
  WaitSet set;
  Pair pair(SOCK_STREAM);
  CHECK_EQ(set.Open(0), 0);
  set.Stop();
  CHECK(!set.Wait());
  CHECK(!set.Wait());
}

TEST(WaitSetForgetsWhatWasClosed) {
  WaitSet set;
  Pair first(SOCK_STREAM), second(SOCK_STREAM);
  CHECK_EQ(set.Open(0), 0);
  CHECK_EQ(set.Watch(first.second.get()), 0);
  Write(first);
  first.second.Reset();
  CHECK_EQ(set.Watch(second.second.get()), 0);
  Waiter waiter(&set);
  Write(second);
  waiter.Reach(1);
  set.Stop();
  waiter.Join();
  CHECK_EQ(waiter.count(), 1);
}

TEST(WaitSetHasHighNumbersThatNoProgramGets) {
  WaitSet set;
  CHECK_EQ(set.Open(200), 0);
  for (int fd = 200; fd < 203; fd++) CHECK(IsCloseOnExec(fd));
}

TEST(WaitSetTellsWhatCannotBeWatched) {
  WaitSet set;
  CHECK_EQ(set.Open(0), 0);
  CHECK_EQ(set.Watch(-1), -EBADF);
}
