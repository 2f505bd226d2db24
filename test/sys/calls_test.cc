// The calls that are neither addresses nor messages.
#include <cstring>
#include <set>
#include <string>

#include "../../src/sys/messages.h"
#include "../../src/sys/platform.h"
#include "check.h"
#include "fixtures.h"

using namespace fixtures;

namespace {

void HasFlags(int fd, int flags) {
  CHECK_EQ(IsNonBlocking(fd), !(flags & kBlocking));
  CHECK_EQ(IsCloseOnExec(fd), !(flags & kInheritable));
}

constexpr int kAllFlags[] = {kDefault, kBlocking, kInheritable, kBlocking | kInheritable};

}  // namespace

TEST(SocketHasTheFlagsAskedFor) {
  for (const int flags : kAllFlags) HasFlags(Make(SOCK_STREAM, flags).get(), flags);
}

TEST(SocketPairHasTheFlagsAskedFor) {
  for (const int flags : kAllFlags) {
    const Pair pair(SOCK_DGRAM, flags);
    HasFlags(pair.first.get(), flags);
    HasFlags(pair.second.get(), flags);
  }
}

TEST(AcceptHasTheFlagsAskedForWhateverTheListenerHas) {
  const TemporaryDirectory directory;
  const UniqueFd listener = Listening(directory / "s");
  for (const int flags : kAllFlags) {
    const UniqueFd client = Make(SOCK_STREAM);
    CHECK_EQ(Connect(client.get(), directory / "s"), 0);
    UniqueFd accepted;
    CHECK_EQ(Accept(listener.get(), flags, &accepted, nullptr), 0);
    HasFlags(accepted.get(), flags);
  }
}

TEST(AdoptHasTheFlagsAskedFor) {
  for (const int flags : kAllFlags) {
    const UniqueFd fd = Make(SOCK_STREAM, kBlocking | kInheritable);
    CHECK_EQ(Adopt(fd.get(), flags), 0);
    HasFlags(fd.get(), flags);
  }
  CHECK_EQ(Adopt(-1, kDefault), -EBADF);
}

TEST(SocketOfAnUnknownType) {
  UniqueFd fd;
  CHECK(Socket(AF_UNIX, 77, 0, kDefault, &fd) < 0);
  CHECK(!fd);
}

TEST(AcceptTellsThePeer) {
  const TemporaryDirectory directory;
  const UniqueFd listener = Listening(directory / "s");
  const UniqueFd named = Bound(SOCK_STREAM, directory / "c");
  const UniqueFd unnamed = Make(SOCK_STREAM);
  CHECK_EQ(Connect(named.get(), directory / "s"), 0);
  CHECK_EQ(Connect(unnamed.get(), directory / "s"), 0);
  Address peer;
  UniqueFd accepted;
  CHECK_EQ(Accept(listener.get(), kDefault, &accepted, &peer), 0);
  CHECK_EQ(peer.bytes(), directory / "c");
  CHECK_EQ(Accept(listener.get(), kDefault, &accepted, &peer), 0);
  CHECK_EQ(peer.bytes(), "");
  CHECK_EQ(Accept(listener.get(), kDefault, &accepted, &peer), -EAGAIN);
  CHECK_EQ(peer.bytes(), "");
  CHECK_EQ(GetPeerName(unnamed.get(), &peer), 0);
  CHECK_EQ(peer.bytes(), directory / "s");
}

TEST(ConnectToAFullBacklogIsEagain) {
  const TemporaryDirectory directory;
  const UniqueFd listener = Listening(directory / "s", 0);
  const UniqueFd first = Make(SOCK_STREAM);
  const UniqueFd second = Make(SOCK_STREAM);
  CHECK_EQ(Connect(first.get(), directory / "s"), 0);
  CHECK_EQ(Connect(second.get(), directory / "s"), -EAGAIN);
}

TEST(TryConnectToAFullBacklogOnABlockingSocketIsEagain) {
  const TemporaryDirectory directory;
  const UniqueFd listener = Listening(directory / "s", 0);
  const UniqueFd first = Make(SOCK_STREAM);
  const UniqueFd second = Make(SOCK_STREAM, kBlocking);
  CHECK_EQ(TryConnect(first.get(), directory / "s"), 0);
  CHECK_EQ(TryConnect(second.get(), directory / "s"), -EAGAIN);
  CHECK(IsNonBlocking(second.get()));
}

TEST(TryConnectLeavesTheFlagsOfADatagramSocketAlone) {
  const TemporaryDirectory directory;
  const UniqueFd receiver = Bound(SOCK_DGRAM, directory / "r");
  const UniqueFd fd = Make(SOCK_DGRAM, kBlocking);
  CHECK_EQ(TryConnect(fd.get(), directory / "r"), 0);
  CHECK(!IsNonBlocking(fd.get()));
}

TEST(TryConnectOfWhatIsNoSocket) {
  const TemporaryDirectory directory;
  const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  CHECK_EQ(TryConnect(file.get(), directory / "s"), -ENOTSOCK);
  CHECK(!IsNonBlocking(file.get()));
  CHECK_EQ(TryConnect(-1, directory / "s"), -EBADF);
}

TEST(TryAcceptOnABlockingListenerIsEagain) {
  const TemporaryDirectory directory;
  const UniqueFd listener = Make(SOCK_STREAM, kBlocking);
  CHECK_EQ(Bind(listener.get(), directory / "s"), 0);
  CHECK_EQ(Listen(listener.get(), 1), 0);
  Address peer;
  UniqueFd accepted;
  CHECK_EQ(TryAccept(listener.get(), kDefault, &accepted, &peer), -EAGAIN);
  CHECK_EQ(peer.bytes(), "");
  const UniqueFd client = Make(SOCK_STREAM);
  CHECK_EQ(Connect(client.get(), directory / "s"), 0);
  CHECK_EQ(TryAccept(listener.get(), kDefault, &accepted, &peer), 0);
  CHECK(accepted);
  CHECK_EQ(TryAccept(listener.get(), kDefault, &accepted, &peer), -EAGAIN);
  CHECK(!IsNonBlocking(listener.get()));
}

TEST(TryAcceptTellsWhyItCannot) {
  const TemporaryDirectory directory;
  const Pair connected(SOCK_STREAM, kBlocking);
  const UniqueFd unconnected = Make(SOCK_STREAM, kBlocking);
  const UniqueFd datagram = Make(SOCK_DGRAM, kBlocking);
  const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  UniqueFd accepted;
  CHECK_EQ(TryAccept(connected.first.get(), kDefault, &accepted, nullptr), -EINVAL);
  CHECK_EQ(TryAccept(unconnected.get(), kDefault, &accepted, nullptr), -EINVAL);
  CHECK_EQ(TryAccept(datagram.get(), kDefault, &accepted, nullptr), -EOPNOTSUPP);
  CHECK_EQ(TryAccept(file.get(), kDefault, &accepted, nullptr), -ENOTSOCK);
  CHECK_EQ(TryAccept(-1, kDefault, &accepted, nullptr), -EBADF);
}

TEST(ConnectErrors) {
  const TemporaryDirectory directory;
  MakeDead(SOCK_STREAM, directory / "dead");
  const UniqueFd datagram = Bound(SOCK_DGRAM, directory / "datagram");
  const UniqueFd fd = Make(SOCK_STREAM);
  CHECK_EQ(Connect(fd.get(), directory / "missing"), -ENOENT);
  CHECK_EQ(Connect(fd.get(), directory / "dead"), -ECONNREFUSED);
  CHECK_EQ(Connect(fd.get(), directory / "datagram"), -EPROTOTYPE);
  CHECK_EQ(Connect(fd.get(), ""), -EINVAL);
}

TEST(DisconnectForgetsThePeer) {
  const TemporaryDirectory directory;
  const UniqueFd a = Bound(SOCK_DGRAM, directory / "a");
  const UniqueFd b = Make(SOCK_DGRAM);
  CHECK_EQ(Connect(b.get(), directory / "a"), 0);
  CHECK_EQ(Send(b.get(), "x", 1, 0, nullptr), 1);
  CHECK_EQ(Disconnect(b.get()), 0);
  CHECK_EQ(Send(b.get(), "x", 1, 0, nullptr), -ENOTCONN);
  Address peer;
  CHECK_EQ(GetPeerName(b.get(), &peer), -ENOTCONN);
  CHECK_EQ(Disconnect(b.get()), 0);  // again: nothing
}

TEST(ShutdownOfTheSendingHalfIsTheEndForThePeer) {
  const Pair pair(SOCK_STREAM);
  CHECK_EQ(Shutdown(pair.first.get(), SHUT_WR), 0);
  char byte;
  CHECK_EQ(Receive(pair.second.get(), &byte, 1, 0), 0);
  CHECK_EQ(Send(pair.second.get(), "x", 1, 0, nullptr), 1);
  CHECK_EQ(Receive(pair.first.get(), &byte, 1, 0), 1);
}

TEST(IntOptions) {
  const UniqueFd fd = Make(SOCK_SEQPACKET);
  int value = -1;
  CHECK_EQ(GetIntOption(fd.get(), SOL_SOCKET, SO_TYPE, &value), 0);
  CHECK_EQ(value, SOCK_SEQPACKET);
  CHECK_EQ(SetIntOption(fd.get(), SOL_SOCKET, SO_SNDBUF, 20000), 0);
  CHECK_EQ(GetIntOption(fd.get(), SOL_SOCKET, SO_SNDBUF, &value), 0);
  CHECK(value >= 20000);
  CHECK(SetIntOption(fd.get(), SOL_SOCKET, 0x7777, 1) < 0);
}

TEST(OptionOfAStruct) {
  const UniqueFd fd = Make(SOCK_STREAM);
  const timeval wait{3, 0};
  CHECK_EQ(SetOption(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
  timeval got{};
  socklen_t length = sizeof(got);
  CHECK_EQ(GetOption(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &got, &length), 0);
  CHECK_EQ(got.tv_sec, 3);
  CHECK_EQ(length, sizeof(got));
}

TEST(CloseReportsAndIsNotRepeated) {
  CHECK_EQ(Close(-1), -EBADF);
  UniqueFd fd = Make(SOCK_STREAM);
  const int number = fd.Release();
  CHECK_EQ(Close(number), 0);
  CHECK(!IsOpen(number));
}

TEST(DuplicateIsCloseOnExecAndNoStandardStream) {
  const Pair pair(SOCK_STREAM, kBlocking | kInheritable);
  UniqueFd duplicate;
  CHECK_EQ(Duplicate(pair.first.get(), &duplicate), 0);
  CHECK(duplicate.get() >= 3);
  CHECK(IsCloseOnExec(duplicate.get()));
  CHECK_EQ(Duplicate(-1, &duplicate), -EBADF);
  // With descriptor 0 free it still is not taken.
  const pid_t child = Fork([&] {
    close(0);
    UniqueFd again;
    return Duplicate(pair.first.get(), &again) == 0 && again.get() >= 3 ? 0 : 1;
  });
  CHECK_EQ(Wait(child), 0);
}

TEST(IoctlTellsBytesReadable) {
  const Pair pair(SOCK_STREAM);
  Send(pair.first.get(), "four", 4, 0, nullptr);
  int value = -1;
  CHECK_EQ(Ioctl(pair.second.get(), FIONREAD, &value), 0);
  CHECK_EQ(value, 4);
  CHECK_EQ(Ioctl(-1, FIONREAD, &value), -EBADF);
}

TEST(StatTellsASocket) {
  const UniqueFd fd = Make(SOCK_STREAM);
  struct stat status;
  CHECK_EQ(Stat(fd.get(), &status), 0);
  CHECK(S_ISSOCK(status.st_mode));
}

TEST(PeerCredentialsOfAPairAndOfAConnection) {
  const TemporaryDirectory directory;
  const Pair pair(SOCK_STREAM);
  const UniqueFd listener = Listening(directory / "s");
  const UniqueFd client = Make(SOCK_STREAM);
  CHECK_EQ(Connect(client.get(), directory / "s"), 0);
  for (const int fd : {pair.first.get(), client.get()}) {
    Credentials peer;
    CHECK_EQ(PeerCredentials(fd, &peer), 0);
    CHECK_EQ(peer.pid, getpid());
    CHECK_EQ(peer.uid, getuid());
    CHECK_EQ(peer.gid, getgid());
  }
}

TEST(PeerCredentialsWithoutAPeer) {
  const TemporaryDirectory directory;
  const UniqueFd receiver = Bound(SOCK_DGRAM, directory / "r");
  const UniqueFd by_path = Make(SOCK_DGRAM);
  CHECK_EQ(Connect(by_path.get(), directory / "r"), 0);
  const UniqueFd unconnected = Make(SOCK_STREAM);
  for (const int fd : {by_path.get(), unconnected.get()}) {
    Credentials peer;
    CHECK_EQ(PeerCredentials(fd, &peer), -ENOTCONN);
    CHECK_EQ(peer.pid, -1);
  }
}

#ifdef __linux__
TEST(AcceptedSocketInheritsPassCredentials) {
  const TemporaryDirectory directory;
  const UniqueFd listener = Listening(directory / "s");
  CHECK_EQ(SetIntOption(listener.get(), SOL_SOCKET, SO_PASSCRED, 1), 0);
  const UniqueFd client = Make(SOCK_STREAM);
  CHECK_EQ(Connect(client.get(), directory / "s"), 0);
  UniqueFd accepted;
  CHECK_EQ(Accept(listener.get(), kDefault, &accepted, nullptr), 0);
  int value = 0;
  CHECK_EQ(GetIntOption(accepted.get(), SOL_SOCKET, SO_PASSCRED, &value), 0);
  CHECK_EQ(value, 1);
}
#endif

TEST(DescribeSocketTellsDomainTypeAndListening) {
  const TemporaryDirectory directory;
  const UniqueFd listener = Listening(directory / "s");
  const UniqueFd datagram = Make(SOCK_DGRAM);
  const UniqueFd internet(::socket(AF_INET, SOCK_DGRAM, 0));
  SocketKind kind;
  CHECK_EQ(DescribeSocket(listener.get(), &kind), 0);
  CHECK(kind.domain == AF_UNIX && kind.type == SOCK_STREAM && kind.listening);
  CHECK_EQ(DescribeSocket(datagram.get(), &kind), 0);
  CHECK(kind.domain == AF_UNIX && kind.type == SOCK_DGRAM && !kind.listening);
  CHECK_EQ(DescribeSocket(internet.get(), &kind), 0);
  CHECK(kind.domain == AF_INET && kind.type == SOCK_DGRAM && !kind.listening);
  const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  CHECK_EQ(DescribeSocket(file.get(), &kind), -ENOTSOCK);
  CHECK_EQ(DescribeSocket(-1, &kind), -EBADF);
}

TEST(PassRightsRefusesAtTheSender) {
  const Pair pair(SOCK_STREAM);
  const int known = PassRights(pair.second.get(), false);
  CHECK(known == 0 || known == -ENOPROTOOPT);
  if (known != 0) return;
  const int fd = pair.first.get();
  ControlBuilder control;
  CHECK_EQ(control.AddRights(&fd, 1), 0);
  char byte = 'x';
  iovec vector = {&byte, 1};
  msghdr message = {};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.length();
  CHECK_EQ(SendMessage(fd, &message, 0), -EPERM);
  CHECK_EQ(PassRights(pair.second.get(), true), 0);
  CHECK_EQ(SendMessage(fd, &message, 0), 1);
}

TEST(PeerPidFdIsCloseOnExec) {
  const Pair pair(SOCK_STREAM);
  UniqueFd pidfd;
  const int result = PeerPidFd(pair.first.get(), &pidfd);
  CHECK(result == 0 || result == -ENOPROTOOPT);
  CHECK_EQ(static_cast<bool>(pidfd), result == 0);
  if (result != 0) return;
  CHECK(IsCloseOnExec(pidfd.get()));
  const UniqueFd alone = Make(SOCK_STREAM);
  UniqueFd none;
  CHECK_EQ(PeerPidFd(alone.get(), &none), -ENODATA);
}
