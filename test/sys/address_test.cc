// Addresses: bytes in, bytes out, never cut.
#include <atomic>
#include <string>
#include <thread>

#include "check.h"
#include "fixtures.h"

using namespace fixtures;
using std::string;
using std::string_view;

namespace {

constexpr size_t kMax = Address::kMaxPath;

void RoundTrip(const string& bytes) {
  Address address;
  CHECK_EQ(address.Set(bytes), 0);
  CHECK(address.bytes() == bytes);
}

// Binds a listener to a pathname, connects to it, and sends a datagram to its sibling.
void ReachBoundPath(const string& path) {
  {
    UniqueFd listener = Make(SOCK_STREAM);
    REQUIRE(Bind(listener.get(), path) == 0);
    CHECK_EQ(Listen(listener.get(), 4), 0);
    CHECK(Exists(path));
    UniqueFd client = Make(SOCK_STREAM);
    CHECK_EQ(Connect(client.get(), path), 0);
    UniqueFd accepted;
    CHECK_EQ(Accept(listener.get(), kDefault, &accepted, nullptr), 0);
    UniqueFd second = Make(SOCK_STREAM);
    CHECK_EQ(Bind(second.get(), path), -EADDRINUSE);
  }
  unlink(path.c_str());
  UniqueFd receiver = Make(SOCK_DGRAM);
  REQUIRE(Bind(receiver.get(), path) == 0);
  UniqueFd sender = Make(SOCK_DGRAM);
  Address to;
  AddressWay way;
  REQUIRE(to.Resolve(path, &way) == 0);
  CHECK_EQ(sendto(sender.get(), "x", 1, 0, to.get(), to.length()), 1);
  char byte = 0;
  CHECK_EQ(recv(receiver.get(), &byte, 1, 0), 1);
  CHECK_EQ(byte, 'x');
}

}  // namespace

TEST(UnnamedHasNoBytes) {
  RoundTrip("");
  CHECK_EQ(Address().length(), offsetof(sockaddr_un, sun_path));
}

TEST(PathnameCountsItsNul) {
  RoundTrip("/run/x");
  Address address;
  address.Set("/run/x");
  CHECK_EQ(address.length(), offsetof(sockaddr_un, sun_path) + 7);
}

TEST(PathnameThatFillsSunPathHasNoNul) {
  RoundTrip(string(kMax - 1, 'p'));
  RoundTrip(string(kMax, 'p'));
  Address address;
  address.Set(string(kMax, 'p'));
  CHECK_EQ(address.length(), sizeof(sockaddr_un));
}

TEST(PathnameOverSunPathIsRefusedNotCut) {
  Address address;
  CHECK_EQ(address.Set(string(kMax + 1, 'p')), -ENAMETOOLONG);
  CHECK(address.bytes().empty());
}

TEST(SetAgainLeavesNothingOfTheLongerOne) {
  Address address;
  address.Set("/run/longer");
  address.Set("/r");
  CHECK_EQ(address.bytes(), "/r");
  address.Set("");
  CHECK_EQ(address.bytes(), "");
}

TEST(NulInPathnameIsRefused) {
  Address address;
  AddressWay way;
  const string_view bytes("a\0b", 3);
  CHECK_EQ(address.Set(bytes), -EINVAL);
  CHECK_EQ(address.Resolve(bytes, &way), -EINVAL);
  CHECK_EQ(CheckAddress(bytes), -EINVAL);
  CHECK_EQ(CheckAddress(string_view("a\0", 2)), -EINVAL);
  const string long_bytes = string(200, 'a') + '\0';
  CHECK_EQ(address.Resolve(long_bytes, &way), -EINVAL);

  const TemporaryDirectory directory;
  const WorkingDirectory inside(directory.path());
  const UniqueFd fd = Make(SOCK_STREAM);
  CHECK_EQ(Bind(fd.get(), bytes), -EINVAL);
  CHECK_EQ(Connect(fd.get(), bytes), -EINVAL);
  CHECK(directory.Entries().empty());
}

TEST(CheckAddressHoldsTheLimits) {
  CHECK_EQ(CheckAddress(""), 0);
  CHECK_EQ(CheckAddress(string(PATH_MAX - 1, 'p')), 0);
  CHECK_EQ(CheckAddress(string(PATH_MAX, 'p')), -ENAMETOOLONG);
#ifdef __linux__
  CHECK_EQ(CheckAddress(string(kMax, '\0')), 0);
  CHECK_EQ(CheckAddress(string(kMax + 1, '\0')), -ENAMETOOLONG);
#else
  CHECK_EQ(CheckAddress(string_view("\0a", 2)), -EINVAL);
#endif
}

TEST(AddressBytesOfAnotherFamilyAreNone) {
  sockaddr_un other{};
  other.sun_family = AF_INET;
  other.sun_path[0] = 'x';
  CHECK(AddressBytes(reinterpret_cast<sockaddr*>(&other), sizeof(other)).empty());
  CHECK(AddressBytes(nullptr, 100).empty());
}

TEST(AddressBytesNeverReadPastTheBuffer) {
  Address address;
  address.Set(string(kMax, 'p'));
  address.set_length(4000);  // as if the kernel had had more to say
  CHECK(address.bytes() == string(kMax, 'p'));
  address.Set("");
  address.set_length(4000);
  CHECK(address.bytes().size() <= kMax + 1);
}

TEST(GetsocknameOfAFullSunPath) {
  const TemporaryDirectory directory;
  const string path = directory.PathOf(kMax);
  const UniqueFd fd = Bound(SOCK_STREAM, path);
  Address name;
  CHECK_EQ(GetSocketName(fd.get(), &name), 0);
#ifdef __linux__
  CHECK_EQ(name.length(), 111u);
#endif
  CHECK_EQ(name.bytes(), path);
}

TEST(UnboundSocketHasAnUnnamedAddress) {
  const UniqueFd fd = Make(SOCK_STREAM);
  Address name;
  CHECK_EQ(GetSocketName(fd.get(), &name), 0);
  CHECK_EQ(name.bytes(), "");
  CHECK_EQ(GetPeerName(fd.get(), &name), -ENOTCONN);
  CHECK_EQ(name.bytes(), "");
}

TEST(Pathname107) {
  const TemporaryDirectory directory;
  ReachBoundPath(directory.PathOf(kMax - 1));
}

TEST(Pathname108) {
  const TemporaryDirectory directory;
  ReachBoundPath(directory.PathOf(kMax));
}

TEST(RelativePathname) {
  const TemporaryDirectory directory;
  const WorkingDirectory inside(directory.path());
  ReachBoundPath("x.sock");
}

#ifdef __linux__

TEST(Pathname109) {
  const TemporaryDirectory directory;
  ReachBoundPath(directory.PathOf(kMax + 1));
}

TEST(Pathname200) {
  const TemporaryDirectory directory;
  ReachBoundPath(directory.PathOf(200));
}

TEST(Pathname4000) {
  const TemporaryDirectory directory;
  ReachBoundPath(directory.PathOf(4000));
}

TEST(PathnameOfPathMaxLessOne) {
  const TemporaryDirectory directory;
  ReachBoundPath(directory.PathOf(PATH_MAX - 1));
  const UniqueFd fd = Make(SOCK_STREAM);
  CHECK_EQ(Bind(fd.get(), directory.PathOf(PATH_MAX)), -ENAMETOOLONG);
  CHECK_EQ(Connect(fd.get(), directory.PathOf(PATH_MAX)), -ENAMETOOLONG);
}

TEST(LastComponentJustOverWhatTheDirectoryDescriptorLeaves) {
  // "/proc/self/fd/N/" takes 16 or 17 bytes of sun_path.
  for (size_t last = kMax - 19; last <= kMax - 14; ++last) {
    const TemporaryDirectory directory;
    ReachBoundPath(directory.PathOf(300, last));
  }
}

TEST(LastComponentOf255) {
  const TemporaryDirectory directory;
  const string path = directory / string(255, 's');
  ReachBoundPath(path);
  CHECK_EQ(directory.Entries().size(), 1u);  // no temporary name is left
}

TEST(LastComponentOf255Relative) {
  const TemporaryDirectory directory;
  const WorkingDirectory inside(directory.path());
  ReachBoundPath(string(255, 's'));
}

TEST(LastComponentOf256LeavesNothingAndTheSocketUnbound) {
  const TemporaryDirectory directory;
  const UniqueFd fd = Make(SOCK_STREAM);
  CHECK_EQ(Bind(fd.get(), directory / string(256, 's')), -ENAMETOOLONG);
  CHECK(directory.Entries().empty());
  CHECK_EQ(Bind(fd.get(), directory / "short"), 0);
}

TEST(LongNameInUseLeavesTheSocketUnbound) {
  const TemporaryDirectory directory;
  const string path = directory / string(255, 's');
  const UniqueFd first = Bound(SOCK_STREAM, path);
  const UniqueFd fd = Make(SOCK_STREAM);
  CHECK_EQ(Bind(fd.get(), path), -EADDRINUSE);
  CHECK_EQ(directory.Entries().size(), 1u);
  CHECK_EQ(Bind(fd.get(), directory / "short"), 0);
}

TEST(LongPathnameOfADanglingSymbolicLinkIsInUse) {
  const TemporaryDirectory directory;
  const string path = directory / string(255, 's');
  CHECK_EQ(symlink("nowhere", path.c_str()), 0);
  const UniqueFd fd = Make(SOCK_STREAM);
  CHECK_EQ(Bind(fd.get(), path), -EADDRINUSE);
  CHECK_EQ(Bind(fd.get(), directory / "short"), 0);  // it was left unbound
}

TEST(OfManyThatBindALongNameAtOnceOneWinsAndNoTemporaryNameIsLeft) {
  for (int round = 0; round < 200; ++round) {
    const TemporaryDirectory directory;
    const string path = directory / string(255, 's');
    std::atomic<int> ready{0};
    std::atomic<int> winners{0};
    const auto bind = [&] {
      const UniqueFd fd = Make(SOCK_STREAM);
      ++ready;
      while (ready < 2) {
      }
      const int error = Bind(fd.get(), path);
      CHECK(error == 0 || error == -EADDRINUSE);
      if (error == 0) ++winners;
    };
    std::thread other(bind);
    bind();
    other.join();
    CHECK_EQ(winners, 1);
    CHECK_EQ(directory.Entries().size(), 1u);
  }
}

TEST(LongPathnameThatIsMissing) {
  const TemporaryDirectory directory;
  const UniqueFd fd = Make(SOCK_STREAM);
  CHECK_EQ(Connect(fd.get(), directory.PathOf(300)), -ENOENT);
  CHECK_EQ(Bind(fd.get(), directory / ("missing/" + string(200, 's'))), -ENOENT);
}

TEST(LongPathnameWithoutDescriptorsLeft) {
  const TemporaryDirectory directory;
  const string path = directory.PathOf(300);
  const UniqueFd listener = Listening(path);
  const pid_t child = Fork([&] {
    const UniqueFd fd = Make(SOCK_STREAM);
    while (dup(0) >= 0) {
    }
    return Connect(fd.get(), path) == -EMFILE ? 0 : 1;
  });
  CHECK_EQ(Wait(child), 0);
}

TEST(AbstractNamesAreExactBytes) {
  const string name = string(1, '\0') + "afunix-test-" + std::to_string(getpid());
  RoundTrip(name);
  RoundTrip(name + '\0');
  const UniqueFd first = Bound(SOCK_STREAM, name);
  const UniqueFd second = Bound(SOCK_STREAM, name + '\0');  // another name
  Address got;
  CHECK_EQ(GetSocketName(first.get(), &got), 0);
  CHECK(got.bytes() == name);
  CHECK_EQ(GetSocketName(second.get(), &got), 0);
  CHECK(got.bytes() == name + '\0');
  const UniqueFd third = Make(SOCK_STREAM);
  CHECK_EQ(Bind(third.get(), name), -EADDRINUSE);
}

TEST(AbstractNameOf108) {
  string name(kMax, 'n');
  name[0] = '\0';
  RoundTrip(name);
  const UniqueFd fd = Bound(SOCK_DGRAM, name);
  Address got;
  CHECK_EQ(GetSocketName(fd.get(), &got), 0);
  CHECK(got.bytes() == name);
  const UniqueFd other = Make(SOCK_DGRAM);
  CHECK_EQ(Bind(other.get(), name + 'n'), -ENAMETOOLONG);
  CHECK_EQ(Connect(other.get(), name + 'n'), -ENAMETOOLONG);
}

TEST(EmptyAbstractNameIsNotAutobind) {
  Address address;
  address.Set(string(1, '\0'));
  CHECK_EQ(address.length(), 3u);
  const UniqueFd fd = Make(SOCK_SEQPACKET);
  const int error = Bind(fd.get(), string(1, '\0'));
  // One name a network namespace: someone else's test may have it right now.
  CHECK(error == 0 || error == -EADDRINUSE);
  Address got;
  CHECK_EQ(GetSocketName(fd.get(), &got), 0);
  if (error == 0) CHECK(got.bytes() == string(1, '\0'));
}

TEST(EmptyAddressAutobinds) {
  const UniqueFd fd = Bound(SOCK_DGRAM, "");
  Address got;
  CHECK_EQ(GetSocketName(fd.get(), &got), 0);
  CHECK_EQ(got.bytes().size(), 6u);  // NUL and five hexadecimal digits
  CHECK_EQ(got.bytes()[0], '\0');
}

#endif  // __linux__
