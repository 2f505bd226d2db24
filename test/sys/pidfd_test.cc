// Descriptors of processes: this one, and a child that ends.
#include "../../src/sys/pidfd.h"

#include <csignal>

#include "check.h"
#include "fixtures.h"

using namespace fixtures;

TEST(PidFdOfThisProcess) {
  UniqueFd pidfd;
#ifdef __linux__
  CHECK_EQ(OpenPidFd(getpid(), &pidfd), 0);
  CHECK(IsCloseOnExec(pidfd.get()));
  CHECK_EQ(SignalPidFd(pidfd.get(), 0), 0);
  // The mask asks for the pid, which is the third field; kernels before 6.13 have no such request.
  alignas(8) unsigned char info[kPidFdInfoSize] = {1};
  const int result = GetPidFdInfo(pidfd.get(), &info);
  CHECK(result == 0 || result == -ENOTTY);
  int pid = 0;
  memcpy(&pid, info + 16, sizeof(pid));
  if (result == 0) CHECK_EQ(pid, getpid());
#else
  CHECK_EQ(OpenPidFd(getpid(), &pidfd), -ENOSYS);
#endif
}

#ifdef __linux__

TEST(PidFdOfAChildThatIsKilled) {
  const pid_t child = fork();
  if (child == 0) {
    for (;;) pause();
  }
  UniqueFd pidfd;
  CHECK_EQ(OpenPidFd(child, &pidfd), 0);
  UniqueFd copy;
  const int copied = GetPidFdDescriptor(pidfd.get(), 2, &copy);
  CHECK(copied == 0 || copied == -EPERM);  // a container may forbid it
  CHECK_EQ(copied == 0, copy.get() >= 0);
  CHECK_EQ(SignalPidFd(pidfd.get(), SIGKILL), 0);
  int status = 0;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  CHECK_EQ(SignalPidFd(pidfd.get(), 0), -ESRCH);
}

TEST(PidFdErrors) {
  UniqueFd pidfd;
  CHECK_EQ(OpenPidFd(-1, &pidfd), -EINVAL);
  CHECK_EQ(SignalPidFd(-1, 0), -EBADF);
  CHECK_EQ(GetPidFdDescriptor(-1, 0, &pidfd), -EBADF);
  CHECK(!pidfd);
}

#endif
