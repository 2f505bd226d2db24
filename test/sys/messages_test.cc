// Sending and receiving, one message and many.
#include "../../src/sys/messages.h"

#include <sys/time.h>

#include <csignal>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "fixtures.h"

using namespace fixtures;
using std::string;

namespace {

// `count` messages with a buffer of `size` bytes each.
struct Batch {
  Batch(size_t count, size_t size) : texts(count, string(size, '\0')), parts(count), all(count) {
    for (size_t i = 0; i < count; ++i) {
      parts[i] = {texts[i].data(), size};
      all[i] = mmsghdr{};
      all[i].msg_hdr.msg_iov = &parts[i];
      all[i].msg_hdr.msg_iovlen = 1;
    }
  }
  unsigned count() const { return static_cast<unsigned>(all.size()); }

  std::vector<string> texts;
  std::vector<iovec> parts;
  std::vector<mmsghdr> all;
};

volatile sig_atomic_t interruptions = 0;

// Interrupts system calls every few milliseconds while it lives.
class Interrupting {
 public:
  Interrupting() {
    interruptions = 0;
    struct sigaction action {};
    action.sa_handler = [](int) { interruptions = interruptions + 1; };  // no SA_RESTART
    sigaction(SIGALRM, &action, nullptr);
    const itimerval timer{{0, 5000}, {0, 5000}};
    setitimer(ITIMER_REAL, &timer, nullptr);
  }
  // The handler stays: valgrind may deliver the last signal later than this.
  ~Interrupting() {
    const itimerval off{};
    setitimer(ITIMER_REAL, &off, nullptr);
  }
};

// Calls `late` in another process, which gets no SIGALRM, after a while.
template <typename Late>
pid_t Later(Late late) {
  return Fork([&] {
    usleep(60000);
    return late() ? 0 : 1;
  });
}

}  // namespace

TEST(EmptyDatagramIsAMessage) {
  const Pair pair(SOCK_DGRAM);
  CHECK_EQ(Send(pair.first.get(), "", 0, 0, nullptr), 0);
  char byte;
  CHECK_EQ(Receive(pair.second.get(), &byte, 1, 0), 0);
  CHECK_EQ(Receive(pair.second.get(), &byte, 1, 0), -EAGAIN);
}

TEST(SendToAnAddress) {
  const TemporaryDirectory directory;
  const UniqueFd receiver = Bound(SOCK_DGRAM, directory / "r");
  const UniqueFd sender = Make(SOCK_DGRAM);
  Address to;
  CHECK_EQ(to.Set(directory / "r"), 0);
  CHECK_EQ(Send(sender.get(), "hello", 5, 0, &to), 5);
  char data[8];
  CHECK_EQ(Receive(receiver.get(), data, sizeof(data), 0), 5);
  CHECK_EQ(to.Set(directory / "missing"), 0);
  CHECK_EQ(Send(sender.get(), "hello", 5, 0, &to), -ENOENT);
}

TEST(SenderAddressIsFilledIn) {
  const TemporaryDirectory directory;
  const UniqueFd receiver = Bound(SOCK_DGRAM, directory / "r");
  const UniqueFd sender = Bound(SOCK_DGRAM, directory / "s");
  const UniqueFd unnamed = Make(SOCK_DGRAM);
  Address to;
  to.Set(directory / "r");
  Send(sender.get(), "x", 1, 0, &to);
  Send(unnamed.get(), "x", 1, 0, &to);
  for (const string& expected : {directory / "s", string()}) {
    char byte;
    iovec part{&byte, 1};
    Address from;
    from.Prepare();
    msghdr message{};
    message.msg_name = from.buffer();
    message.msg_namelen = from.length();
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    CHECK_EQ(ReceiveMessage(receiver.get(), &message, 0), 1);
    from.set_length(message.msg_namelen);
    CHECK_EQ(from.bytes(), expected);
  }
}

TEST(TruncationIsReported) {
  const Pair pair(SOCK_DGRAM);
  CHECK_EQ(Send(pair.first.get(), "0123456789", 10, 0, nullptr), 10);
  char data[4];
  iovec part{data, sizeof(data)};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  CHECK_EQ(ReceiveMessage(pair.second.get(), &message, 0), 4);
  CHECK(message.msg_flags & MSG_TRUNC);
}

TEST(SendingToAClosedPeerRaisesNoSignal) {
  signal(SIGPIPE, SIG_DFL);
  Pair pair(SOCK_STREAM);
  pair.second.Reset();
  char byte = 'x';
  iovec part{&byte, 1};
  mmsghdr message{};
  message.msg_hdr.msg_iov = &part;
  message.msg_hdr.msg_iovlen = 1;
  CHECK_EQ(Send(pair.first.get(), &byte, 1, 0, nullptr), -EPIPE);
  CHECK_EQ(SendMessage(pair.first.get(), &message.msg_hdr, 0), -EPIPE);
  CHECK_EQ(SendMany(pair.first.get(), &message, 1, 0), -EPIPE);
}

TEST(ManyGoAndComeInOrder) {
  const Pair pair(SOCK_DGRAM);
  Batch out(20, 3);
  for (size_t i = 0; i < 20; ++i) {
    out.texts[i] = {'m', static_cast<char>('a' + i), 'x'};
    out.parts[i].iov_len = i % 4;  // empty ones among them
  }
  CHECK_EQ(SendMany(pair.first.get(), out.all.data(), 20, 0), 20);
  CHECK_EQ(out.all[3].msg_len, 3u);
  Batch in(32, 8);
  CHECK_EQ(ReceiveMany(pair.second.get(), in.all.data(), in.count(), 0), 20);
  for (size_t i = 0; i < 20; ++i) {
    CHECK_EQ(in.all[i].msg_len, i % 4);
    CHECK_EQ(in.texts[i].substr(0, i % 4), out.texts[i].substr(0, i % 4));
  }
  CHECK_EQ(ReceiveMany(pair.second.get(), in.all.data(), in.count(), 0), -EAGAIN);
}

TEST(NoMessagesAreNone) {
  const Pair pair(SOCK_DGRAM);
  CHECK_EQ(SendMany(pair.first.get(), nullptr, 0, 0), 0);
  CHECK_EQ(ReceiveMany(pair.second.get(), nullptr, 0, 0), 0);
}

TEST(AtMost1024MessagesACall) {
  const Pair pair(SOCK_STREAM);
  Batch out(2000, 1);
  CHECK_EQ(SetIntOption(pair.first.get(), SOL_SOCKET, SO_SNDBUF, 8 << 20), 0);
  const int sent = SendMany(pair.first.get(), out.all.data(), out.count(), 0);
  CHECK(sent > 0 && sent <= 1024);
}

TEST(SendManyStopsWhereItWouldBlock) {
  const Pair pair(SOCK_DGRAM);
  Batch out(1000, 1);
  const int sent = SendMany(pair.first.get(), out.all.data(), out.count(), 0);
  CHECK(sent > 0 && sent < 1000);
  CHECK_EQ(SendMany(pair.first.get(), out.all.data(), 1, 0), -EAGAIN);
}

TEST(SendManyReportsTheErrorOfTheFirstOnly) {
  const TemporaryDirectory directory;
  const UniqueFd receiver = Bound(SOCK_DGRAM, directory / "r");
  const UniqueFd sender = Make(SOCK_DGRAM);
  Address to[2];
  to[0].Set(directory / "r");
  to[1].Set(directory / "missing");
  Batch out(2, 1);
  for (int i = 0; i < 2; ++i) {
    out.all[i].msg_hdr.msg_name = const_cast<sockaddr*>(to[i].get());
    out.all[i].msg_hdr.msg_namelen = to[i].length();
  }
  CHECK_EQ(SendMany(sender.get(), out.all.data(), 2, 0), 1);
  CHECK_EQ(SendMany(sender.get(), out.all.data() + 1, 1, 0), -ENOENT);
}

TEST(ReceiveManyAtTheEndOfASeqpacketConnection) {
  Pair pair(SOCK_SEQPACKET);
  CHECK_EQ(Send(pair.first.get(), "ab", 2, 0, nullptr), 2);
  pair.first.Reset();
  Batch in(4, 8);
  CHECK_EQ(ReceiveMany(pair.second.get(), in.all.data(), in.count(), 0), 4);
  CHECK_EQ(in.all[0].msg_len, 2u);
  CHECK_EQ(in.all[1].msg_len, 0u);
}

TEST(ReceivedDescriptorsAreCloseOnExecInManyToo) {
  const Pair pair(SOCK_DGRAM);
  const int zero = 0;
  ControlBuilder control;
  control.AddRights(&zero, 1);
  Batch out(1, 1);
  out.all[0].msg_hdr.msg_control = control.data();
  out.all[0].msg_hdr.msg_controllen = control.length();
  CHECK_EQ(SendMany(pair.first.get(), out.all.data(), 1, 0), 1);
  Batch in(1, 1);
  alignas(cmsghdr) char buffer[kControlCapacity];
  in.all[0].msg_hdr.msg_control = buffer;
  in.all[0].msg_hdr.msg_controllen = sizeof(buffer);
  CHECK_EQ(ReceiveMany(pair.second.get(), in.all.data(), 1, 0), 1);
  Ancillary ancillary;
  CHECK(ParseControl(&in.all[0].msg_hdr, &ancillary));
  CHECK_EQ(ancillary.rights_count, 1u);
  CHECK(IsCloseOnExec(ancillary.rights[0]));
}

TEST(InterruptedReceiveIsRetried) {
  const Pair pair(SOCK_STREAM, kBlocking);
  const pid_t child = Later([&] { return Send(pair.first.get(), "x", 1, 0, nullptr) == 1; });
  {
    const Interrupting often;
    char byte = 0;
    CHECK_EQ(Receive(pair.second.get(), &byte, 1, 0), 1);
    CHECK(interruptions > 0);
  }
  CHECK_EQ(Wait(child), 0);
}

TEST(InterruptedReceiveMessageAndReceiveManyAreRetried) {
  for (const bool many : {false, true}) {
    const Pair pair(SOCK_DGRAM, kBlocking);
    const pid_t child = Later([&] { return Send(pair.first.get(), "x", 1, 0, nullptr) == 1; });
    {
      const Interrupting often;
      Batch in(1, 1);
      if (many) {
        CHECK_EQ(ReceiveMany(pair.second.get(), in.all.data(), 1, 0), 1);
      } else {
        CHECK_EQ(ReceiveMessage(pair.second.get(), &in.all[0].msg_hdr, 0), 1);
      }
      CHECK(interruptions > 0);
    }
    CHECK_EQ(Wait(child), 0);
  }
}

TEST(InterruptedSendIsRetried) {
  const Pair pair(SOCK_DGRAM, kBlocking);
  while (Send(pair.first.get(), "x", 1, MSG_DONTWAIT, nullptr) == 1) {
  }
  const pid_t child = Later([&] {
    char byte;
    while (Receive(pair.second.get(), &byte, 1, MSG_DONTWAIT) == 1) {
    }
    return true;
  });
  {
    const Interrupting often;
    CHECK_EQ(Send(pair.first.get(), "y", 1, 0, nullptr), 1);
    CHECK(interruptions > 0);
  }
  CHECK_EQ(Wait(child), 0);
}

TEST(InterruptedAcceptIsRetried) {
  const TemporaryDirectory directory;
  UniqueFd listener = Make(SOCK_STREAM, kBlocking);
  CHECK_EQ(Bind(listener.get(), directory / "s"), 0);
  CHECK_EQ(Listen(listener.get(), 1), 0);
  const pid_t child = Later([&] { return Connect(Make(SOCK_STREAM).get(), directory / "s") == 0; });
  {
    const Interrupting often;
    UniqueFd accepted;
    CHECK_EQ(Accept(listener.get(), kDefault, &accepted, nullptr), 0);
    CHECK(interruptions > 0);
  }
  CHECK_EQ(Wait(child), 0);
}
