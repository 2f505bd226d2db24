// How long a thread waited for a processor.
#include "../../src/sys/run_delay.h"

#include <sched.h>
#include <signal.h>
#include <time.h>

#include <thread>

#include "check.h"
#include "fixtures.h"

using namespace fixtures;

#ifdef __linux__

namespace {

uint64_t Nanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace

TEST(RunDelayIsTheTimeThatAnotherHadTheProcessor) {
  cpu_set_t before;
  sched_getaffinity(0, sizeof(before), &before);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  sched_setaffinity(0, sizeof(one), &one);
  const pid_t other = fork();
  if (other == 0) {
    for (volatile unsigned turns = 0;;) turns = turns + 1;
  }

  const uint64_t start = Nanoseconds();
  const RunDelay first = RunDelay::Read();
  uint64_t grown = 0;
  while (grown < 200'000'000 && Nanoseconds() - start < 10'000'000'000) {
    grown = RunDelay::Read().waited - first.waited;
  }
  const uint64_t passed = Nanoseconds() - start;
  kill(other, SIGKILL);
  waitpid(other, nullptr, 0);
  sched_setaffinity(0, sizeof(before), &before);
  CHECK(grown >= 200'000'000);
  CHECK(grown <= passed);
  const RunDelay last = RunDelay::Read();
  CHECK(last.runs > first.runs);

  // Of the thread that asks, which here has only just begun.
  uint64_t young = grown;
  std::thread([&young] { young = RunDelay::Read().waited; }).join();
  CHECK(young < grown);
}

#endif
