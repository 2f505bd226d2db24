// Parsing control messages put together by hand: no length is believed, no descriptor lost.
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "../../src/sys/ancillary.h"
#include "../../src/sys/platform.h"
#include "check.h"
#include "fixtures.h"

using namespace fixtures;

namespace {

// A control buffer put together by hand, in memory of exactly its length: reading one byte more is
// an error that the address sanitizer reports.
class Forged {
 public:
  void Add(int level, int type, const void* data, size_t size, size_t claimed) {
    cmsghdr header{};
    header.cmsg_level = level;
    header.cmsg_type = type;
    header.cmsg_len = static_cast<decltype(header.cmsg_len)>(claimed);
    const size_t start = bytes_.size();
    bytes_.resize(start + CMSG_SPACE(size), 0xff);
    memcpy(&bytes_[start], &header, sizeof(header));
    if (size != 0) memcpy(&bytes_[start + CMSG_LEN(0)], data, size);
  }
  void Add(int type, const void* data, size_t size) {
    Add(SOL_SOCKET, type, data, size, CMSG_LEN(size));
  }
  void Cut(size_t size) { bytes_.resize(size); }
  size_t size() const { return bytes_.size(); }

  bool Parse(Ancillary* out) {
    exact_.reset(new unsigned char[bytes_.size()]);
    if (!bytes_.empty()) memcpy(exact_.get(), bytes_.data(), bytes_.size());
    msghdr message{};
    message.msg_control = exact_.get();
    message.msg_controllen = bytes_.size();
    return ParseControl(&message, out);
  }

 private:
  std::vector<unsigned char> bytes_;
  std::unique_ptr<unsigned char[]> exact_;
};

int Dup() {
  UniqueFd fd;
  if (Duplicate(0, &fd) != 0) abort();
  return fd.Release();
}

std::vector<int> Dups(size_t count) {
  std::vector<int> fds(count);
  for (int& fd : fds) fd = Dup();
  return fds;
}

}  // namespace

TEST(ParseControlClearsWhatWasThere) {
  Forged first;
  const std::vector<int> fds = Dups(2);
  first.Add(SCM_RIGHTS, fds.data(), fds.size() * sizeof(int));
#ifdef __linux__
  const int inq = 7;
  const int pidfd = Dup();
  first.Add(SCM_INQ, &inq, sizeof(inq));
  first.Add(SCM_PIDFD, &pidfd, sizeof(pidfd));
  first.Add(SCM_SECURITY, "label", 5);
#endif
  Ancillary ancillary;
  CHECK(first.Parse(&ancillary));
  CHECK(!ancillary.empty());
  msghdr nothing{};
  CHECK(!ParseControl(&nothing, &ancillary));
  CHECK(ancillary.empty());
  CHECK(!IsOpen(fds[0]));
  CHECK_EQ(ancillary.inq, 0);
}

TEST(RightsBeyondTheMostAMessageMayHaveAreClosed) {
  const std::vector<int> fds = Dups(kMaxRights + 2);
  Forged forged;
  forged.Add(SCM_RIGHTS, fds.data(), 100 * sizeof(int));
  forged.Add(SCM_RIGHTS, fds.data() + 100, (fds.size() - 100) * sizeof(int));
  Ancillary ancillary;
  CHECK(forged.Parse(&ancillary));
  CHECK_EQ(ancillary.rights_count, kMaxRights);
  CHECK_EQ(ancillary.rights[0], fds[0]);
  CHECK_EQ(ancillary.rights[100], fds[100]);
  CHECK(IsOpen(fds[kMaxRights - 1]));
  CHECK(!IsOpen(fds[kMaxRights]));
  CHECK(!IsOpen(fds[kMaxRights + 1]));
}

TEST(RightsCutWithinADescriptor) {
  const std::vector<int> fds = Dups(2);
  Forged forged;
  forged.Add(SOL_SOCKET, SCM_RIGHTS, fds.data(), 2 * sizeof(int), CMSG_LEN(2 * sizeof(int) - 1));
  Ancillary ancillary;
  CHECK(forged.Parse(&ancillary));
  CHECK_EQ(ancillary.rights_count, 1u);
  close(fds[1]);
}

// What Linux 7.3 writes with SO_RIGHTS_NOTRUNC when a security module refuses two of five.
TEST(RefusedDescriptorsKeepTheirPlaces) {
  const std::vector<int> fds = Dups(3);
  const int slots[] = {-EPERM, fds[0], -EACCES, fds[1], fds[2]};
  Forged forged;
  forged.Add(SCM_RIGHTS, slots, sizeof(slots));
  Ancillary ancillary;
  CHECK(forged.Parse(&ancillary));
  CHECK_EQ(ancillary.rights_count, 5u);
  CHECK(std::equal(std::begin(slots), std::end(slots), ancillary.rights));
  CHECK_EQ(ancillary.FirstRefused(), 0u);
  CHECK_EQ(ancillary.CountDescriptors(), 3u);
  ancillary.CloseRightsFrom(2);
  CHECK_EQ(ancillary.rights_count, 2u);
  CHECK(IsOpen(fds[0]));
  CHECK(!IsOpen(fds[1]));
  CHECK(!IsOpen(fds[2]));
  ancillary.Clear();
  CHECK(!IsOpen(fds[0]));
}

TEST(RefusedDescriptorsAloneAreStillReported) {
  const int slots[] = {-EMFILE, -EMFILE};
  Forged forged;
  forged.Add(SCM_RIGHTS, slots, sizeof(slots));
  Ancillary ancillary;
  CHECK(forged.Parse(&ancillary));
  CHECK(!ancillary.empty());
  CHECK_EQ(ancillary.rights_count, 2u);
  CHECK_EQ(ancillary.CountDescriptors(), 0u);
}

TEST(RefusedDescriptorsBeyondTheMostAreNotClosed) {
  std::vector<int> slots(kMaxRights + 2, -EPERM);
  slots[kMaxRights + 1] = Dup();
  Forged forged;
  forged.Add(SCM_RIGHTS, slots.data(), slots.size() * sizeof(int));
  Ancillary ancillary;
  CHECK(forged.Parse(&ancillary));
  CHECK_EQ(ancillary.rights_count, kMaxRights);
  CHECK_EQ(ancillary.FirstRefused(), 0u);
  CHECK(!IsOpen(slots[kMaxRights + 1]));
}

// What Linux writes on x86-64 for a datagram, a packet alike.
TEST(RecordedTimestamp) {
  const timeval value{1'700'000'000, 123'456};
  Forged forged;
  forged.Add(SCM_TIMESTAMP, &value, sizeof(value));
  Ancillary ancillary;
  CHECK(forged.Parse(&ancillary));
  CHECK(ancillary.has_timestamp);
  CHECK(!ancillary.empty());
  CHECK_EQ(ancillary.timestamp, 1'700'000'000'123.456);
  msghdr nothing{};
  CHECK(!ParseControl(&nothing, &ancillary));
  CHECK(ancillary.empty());
}

TEST(TimestampCutShortIsNone) {
  const timeval value{1, 2};
  Forged forged;
  forged.Add(SOL_SOCKET, SCM_TIMESTAMP, &value, sizeof(value), CMSG_LEN(sizeof(value) - 1));
  Ancillary ancillary;
  CHECK(forged.Parse(&ancillary));
  CHECK(!ancillary.has_timestamp);
  CHECK(ancillary.empty());
}

TEST(LastControlMessageWithoutItsPadding) {
  const int fd = Dup();
  Forged forged;
  forged.Add(SCM_RIGHTS, &fd, sizeof(fd));
  forged.Cut(CMSG_LEN(sizeof(fd)));
  Ancillary ancillary;
  CHECK(forged.Parse(&ancillary));
  CHECK_EQ(ancillary.rights_count, 1u);
}

TEST(ControlMessageOfAnotherLevelIsSkipped) {
  const int stray = 0;
  const int fd = Dup();
  Forged forged;
  forged.Add(SOL_SOCKET + 1, SCM_RIGHTS, &stray, sizeof(stray), CMSG_LEN(sizeof(stray)));
  forged.Add(SOL_SOCKET, 0x7777, &stray, sizeof(stray), CMSG_LEN(sizeof(stray)));
  forged.Add(SCM_RIGHTS, &fd, sizeof(fd));
  Ancillary ancillary;
  CHECK(forged.Parse(&ancillary));
  CHECK_EQ(ancillary.rights_count, 1u);
  CHECK_EQ(ancillary.rights[0], fd);
}

TEST(GarbageLengthsAreNotBelieved) {
  const size_t huge = static_cast<size_t>(-1);
  const size_t claims[] = {0, 1, CMSG_LEN(0) - 1, CMSG_LEN(5), huge, huge - 7, huge / 2};
  for (const size_t claimed : claims) {
    Forged forged;
    const int negative = -1;
    forged.Add(SOL_SOCKET, SCM_RIGHTS, &negative, sizeof(negative), claimed);
    forged.Cut(CMSG_LEN(sizeof(negative)));
    Ancillary ancillary;
    CHECK(!forged.Parse(&ancillary));
    CHECK(ancillary.empty());
  }
}

TEST(RandomControlBuffersAreNeverReadBeyondTheirEnd) {
  // In a child: a length that runs into the next header makes descriptors of whatever is there.
  const pid_t child = Fork([] {
    unsigned seed = 12345;
    const auto random = [&seed](unsigned below) {
      seed = seed * 1664525u + 1013904223u;
      return (seed >> 8) % below;
    };
    const std::vector<unsigned char> ones(128, 0xff);
    const int types[] = {SCM_RIGHTS, 2, 3, 4, 84, 99};
    unsigned char sum = 0;
    for (int round = 0; round < 50000; ++round) {
      Forged forged;
      for (unsigned i = random(5); i > 0; --i) {
        const size_t size = random(80);
        size_t claimed = CMSG_LEN(size);
        if (random(3) == 0) claimed += random(40) - 20;
        const int level = random(8) == 0 ? 0 : SOL_SOCKET;
        forged.Add(level, types[random(6)], ones.data(), size, claimed);
      }
      if (random(2) == 0) forged.Cut(random(static_cast<unsigned>(forged.size()) + 1));
      Ancillary ancillary;
      forged.Parse(&ancillary);
      if (ancillary.rights_count > kMaxRights) return 1;
      for (size_t i = 0; i < ancillary.security_length; ++i) sum ^= ancillary.security[i];
    }
    volatile unsigned char views_were_read = sum;
    (void)views_were_read;
    return 0;
  });
  CHECK_EQ(Wait(child), 0);
}

#ifdef __linux__

TEST(TimestampInNanoseconds) {
  const timespec value{1'700'000'000, 123'456'789};
  Forged forged;
  forged.Add(SCM_TIMESTAMPNS, &value, sizeof(value));
  Ancillary ancillary;
  CHECK(forged.Parse(&ancillary));
  CHECK_EQ(ancillary.timestamp, 1'700'000'000'123.456'789);
}

TEST(CredentialsCutShortAreNone) {
  const ucred value{1, 2, 3};
  Forged forged;
  forged.Add(SOL_SOCKET, SCM_CREDENTIALS, &value, sizeof(value), CMSG_LEN(sizeof(value) - 1));
  Ancillary ancillary;
  CHECK(forged.Parse(&ancillary));
  CHECK(!ancillary.has_credentials);
  CHECK_EQ(ancillary.credentials.pid, -1);
}

TEST(OfTwoPidFdsTheFormerIsClosed) {
  const std::vector<int> fds = Dups(2);
  Forged forged;
  forged.Add(SCM_PIDFD, &fds[0], sizeof(int));
  forged.Add(SCM_PIDFD, &fds[1], sizeof(int));
  Ancillary ancillary;
  CHECK(forged.Parse(&ancillary));
  CHECK(!IsOpen(fds[0]));
  CHECK(IsOpen(fds[1]));
  CHECK_EQ(ancillary.pidfd.get(), fds[1]);
}

TEST(NegativePidFdIsNone) {
  const int error = -ESRCH;
  Forged forged;
  forged.Add(SCM_PIDFD, &error, sizeof(int));
  Ancillary ancillary;
  CHECK(forged.Parse(&ancillary));
  CHECK(!ancillary.pidfd);
  CHECK_EQ(ancillary.pidfd.get(), -1);
}

TEST(SecurityLabelIsAView) {
  Forged forged;
  forged.Add(SCM_SECURITY, "label", 5);
  Ancillary ancillary;
  CHECK(forged.Parse(&ancillary));
  CHECK_EQ(
      std::string(reinterpret_cast<const char*>(ancillary.security), ancillary.security_length),
      "label");
}

#endif  // __linux__
