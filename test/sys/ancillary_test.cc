// Control messages through the kernel: every descriptor has one owner.
#include <sys/resource.h>

#include <memory>
#include <vector>

#include "../../src/sys/messages.h"
#include "../../src/sys/platform.h"
#include "check.h"
#include "fixtures.h"

using namespace fixtures;

namespace {

// Sends one byte with `fds`.
ssize_t SendRights(int socket, const std::vector<int>& fds) {
  ControlBuilder control;
  if (const int error = control.AddRights(fds.data(), fds.size())) return error;
  char byte = 'x';
  iovec part{&byte, 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.length();
  return SendMessage(socket, &message, 0);
}

// A received message with its control part; what Ancillary views stays alive as long as this does.
struct Received {
  explicit Received(int socket, size_t capacity = kControlCapacity, int receive_flags = 0)
      : control(new cmsghdr[kControlCapacity / sizeof(cmsghdr)]) {
    iovec part{data, sizeof(data)};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = capacity == 0 ? nullptr : control.get();
    message.msg_controllen = capacity;
    result = ReceiveMessage(socket, &message, receive_flags);
    flags = message.msg_flags;
    any = ParseControl(&message, &ancillary);
  }
  std::unique_ptr<cmsghdr[]> control;
  char data[16];
  ssize_t result;
  int flags;
  bool any;
  Ancillary ancillary;
};

int Dup() {
  UniqueFd fd;
  if (Duplicate(0, &fd) != 0) abort();
  return fd.Release();
}

void RoundTrip(size_t count) {
  const Pair pair(SOCK_DGRAM);
  CHECK_EQ(SendRights(pair.first.get(), std::vector<int>(count, 0)), 1);
  Received got(pair.second.get());
  CHECK_EQ(got.result, 1);
  CHECK_EQ(got.any, count > 0);
  CHECK_EQ(got.ancillary.empty(), count == 0);
  CHECK_EQ(got.flags & MSG_CTRUNC, 0);
  CHECK_EQ(got.ancillary.rights_count, count);
  for (size_t i = 0; i < count; ++i) {
    CHECK(IsOpen(got.ancillary.rights[i]));
    CHECK(IsCloseOnExec(got.ancillary.rights[i]));
  }
}  // the runner sees that none is left open

}  // namespace

TEST(Rights0) { RoundTrip(0); }
TEST(Rights1) { RoundTrip(1); }
TEST(Rights252) { RoundTrip(252); }
TEST(Rights253) { RoundTrip(253); }

TEST(Rights254AreRefused) {
  const std::vector<int> fds(254, 0);
  ControlBuilder control;
  CHECK_EQ(control.AddRights(fds.data(), 254), -EINVAL);
  CHECK_EQ(control.length(), 0u);
  CHECK(control.data() == nullptr);
}

TEST(RightsAreCountedOverAllCalls) {
  const std::vector<int> fds(254, 0);
  ControlBuilder control;
  CHECK_EQ(control.AddRights(fds.data(), 200), 0);
  CHECK_EQ(control.AddRights(fds.data(), 54), -EINVAL);
  CHECK_EQ(control.AddRights(fds.data(), 53), 0);
  CHECK_EQ(control.AddRights(fds.data(), 1), -EINVAL);
  CHECK_EQ(control.AddRights(fds.data(), 0), 0);
}

TEST(NothingAddedIsNoControlPart) {
  ControlBuilder control;
  CHECK_EQ(control.AddRights(nullptr, 0), 0);
  CHECK(control.data() == nullptr);
  CHECK_EQ(control.length(), 0u);
}

TEST(RightsThatDoNotFitAreReportedAndThoseThatDoAreOwned) {
  const Pair pair(SOCK_STREAM);
  CHECK_EQ(SendRights(pair.first.get(), {0, 0, 0, 0, 0}), 1);
  Received got(pair.second.get(), CMSG_LEN(3 * sizeof(int)));
  CHECK(got.flags & MSG_CTRUNC);
  CHECK_EQ(got.ancillary.rights_count, 3u);
}

TEST(RightsAndNoRoomAtAll) {
  const Pair pair(SOCK_STREAM);
  CHECK_EQ(SendRights(pair.first.get(), {0, 0}), 1);
  Received got(pair.second.get(), 0);
  CHECK(got.flags & MSG_CTRUNC);
  CHECK(!got.any);
  CHECK_EQ(got.ancillary.rights_count, 0u);
}

TEST(TooManyOpenFilesIsTruncationNotAnError) {
  if (UnderValgrind()) return;
  const Pair pair(SOCK_STREAM);
  CHECK_EQ(SendRights(pair.first.get(), {0, 0, 0, 0}), 1);
  const int next = Dup();
  close(next);
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit limit = before;
  limit.rlim_cur = static_cast<rlim_t>(next + 2);
  setrlimit(RLIMIT_NOFILE, &limit);
  Received got(pair.second.get());
  setrlimit(RLIMIT_NOFILE, &before);
  CHECK_EQ(got.result, 1);
  CHECK(got.flags & MSG_CTRUNC);
  CHECK_EQ(got.ancillary.rights_count, 2u);
}

TEST(ReleasedRightsStayOpen) {
  const Pair pair(SOCK_STREAM);
  CHECK_EQ(SendRights(pair.first.get(), {0}), 1);
  int fd;
  {
    Received got(pair.second.get());
    CHECK_EQ(got.ancillary.rights_count, 1u);
    fd = got.ancillary.rights[0];
    got.ancillary.ReleaseRights();
  }
  CHECK(IsOpen(fd));
  close(fd);
}

TEST(CloseRightsFromKeepsTheFirst) {
  const Pair pair(SOCK_STREAM);
  CHECK_EQ(SendRights(pair.first.get(), {0, 0, 0}), 1);
  Received got(pair.second.get());
  const std::vector<int> fds(got.ancillary.rights, got.ancillary.rights + 3);
  got.ancillary.CloseRightsFrom(1);
  CHECK_EQ(got.ancillary.rights_count, 1u);
  CHECK(IsOpen(fds[0]));
  CHECK(!IsOpen(fds[1]));
  CHECK(!IsOpen(fds[2]));
  got.ancillary.CloseRightsFrom(7);
  CHECK_EQ(got.ancillary.rights_count, 1u);
}

#ifdef __linux__

TEST(CredentialsOfTheSender) {
  const Pair pair(SOCK_STREAM);
  CHECK_EQ(SetIntOption(pair.second.get(), SOL_SOCKET, SO_PASSCRED, 1), 0);
  CHECK_EQ(SendRights(pair.first.get(), {0}), 1);
  Received got(pair.second.get());
  CHECK(got.ancillary.has_credentials);
  CHECK_EQ(got.ancillary.credentials.pid, getpid());
  CHECK_EQ(got.ancillary.credentials.uid, getuid());
  CHECK_EQ(got.ancillary.credentials.gid, getgid());
  CHECK_EQ(got.ancillary.rights_count, 1u);
}

TEST(CredentialsBuiltBesideAsManyRightsAsThereMayBe) {
  const Pair pair(SOCK_DGRAM);
  CHECK_EQ(SetIntOption(pair.second.get(), SOL_SOCKET, SO_PASSCRED, 1), 0);
  Credentials own;
  own.pid = getpid();
  own.uid = getuid();
  own.gid = getgid();
  const std::vector<int> fds(kMaxRights, 0);
  ControlBuilder control;
  CHECK_EQ(control.AddRights(fds.data(), 100), 0);
  CHECK_EQ(control.AddRights(fds.data(), kMaxRights - 100), 0);
  CHECK_EQ(control.AddCredentials(own), 0);
  msghdr message{};
  message.msg_control = control.data();
  message.msg_controllen = control.length();
  CHECK_EQ(SendMessage(pair.first.get(), &message, 0), 0);
  Received got(pair.second.get());
  CHECK_EQ(got.result, 0);
  CHECK_EQ(got.flags & MSG_CTRUNC, 0);
  CHECK_EQ(got.ancillary.credentials.pid, getpid());
  CHECK_EQ(got.ancillary.rights_count, kMaxRights);
}

TEST(PidFdOfTheSender) {
  const Pair pair(SOCK_STREAM);
  if (SetIntOption(pair.second.get(), SOL_SOCKET, SO_PASSPIDFD, 1) == -ENOPROTOOPT) return;
  CHECK_EQ(SendRights(pair.first.get(), {}), 1);
  Received got(pair.second.get());
  CHECK(got.ancillary.pidfd);
  CHECK(IsCloseOnExec(got.ancillary.pidfd.get()));
}

TEST(InqTellsWhatIsLeft) {
  const Pair pair(SOCK_STREAM);
  if (SetIntOption(pair.second.get(), SOL_SOCKET, SO_INQ, 1) == -ENOPROTOOPT) return;
  const std::vector<char> data(100, 'x');
  CHECK_EQ(Send(pair.first.get(), data.data(), data.size(), 0, nullptr), 100);
  Received got(pair.second.get());
  CHECK_EQ(got.result, 16);
  CHECK(got.ancillary.has_inq);
  CHECK_EQ(got.ancillary.inq, 84);
}

TEST(EverythingAtOnceFitsTheCapacity) {
  const Pair pair(SOCK_STREAM);
  for (const int option : {SO_PASSCRED, SO_PASSPIDFD, SO_INQ, SO_PASSSEC, SO_TIMESTAMP}) {
    SetIntOption(pair.second.get(), SOL_SOCKET, option, 1);
  }
  CHECK_EQ(SendRights(pair.first.get(), std::vector<int>(kMaxRights, 0)), 1);
  Received got(pair.second.get());
  CHECK_EQ(got.flags & MSG_CTRUNC, 0);
  CHECK_EQ(got.ancillary.rights_count, kMaxRights);
  CHECK(got.ancillary.has_credentials);
}

#endif  // __linux__
