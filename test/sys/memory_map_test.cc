// Files in memory that processes map, and those that they must not.
#include "../../src/sys/memory_map.h"

#include "../../src/sys/sealed_file.h"
#include "../../src/sys/send_file.h"
#include "check.h"
#include "fixtures.h"

using namespace fixtures;

#ifdef __linux__

TEST(MemoryFileIsSharedByAllWhoMapIt) {
  UniqueFd fd;
  CHECK_EQ(MemoryFile("test", 5000, &fd), 0);
  CHECK(IsCloseOnExec(fd.get()));
  CHECK_EQ(GetSeals(fd.get()) & (F_SEAL_SHRINK | F_SEAL_GROW), F_SEAL_SHRINK | F_SEAL_GROW);
  CHECK_EQ(ftruncate(fd.get(), 0), -1);
  MemoryMap one, other, own;
  CHECK_EQ(one.Open(fd.get(), true), 0);
  CHECK_EQ(other.Open(fd.get(), true), 0);
  CHECK_EQ(own.Open(fd.get(), false), 0);
  fd.Reset();
  CHECK_EQ(one.size(), size_t{5000});
  static_cast<char*>(one.data())[4999] = 'x';
  static_cast<char*>(own.data())[0] = 'y';
  CHECK_EQ(static_cast<char*>(other.data())[4999], 'x');
  CHECK_EQ(static_cast<char*>(other.data())[0], '\0');
}

TEST(MemoryMapOfWhatCouldBecomeShorter) {
  UniqueFd fd;
  CHECK_EQ(CreateMemoryFile("test", &fd), 0);
  MemoryMap map;
  CHECK_EQ(map.Open(fd.get(), false), -EPERM);
  UniqueFd device(open("/dev/zero", O_RDWR | O_CLOEXEC));
  CHECK_EQ(map.Open(device.get(), true), -EPERM);
  CHECK_EQ(map.Open(-1, true), -EBADF);
}

TEST(MemoryMapOfASealedFile) {
  UniqueFd fd, empty;
  CHECK_EQ(SealedFile("test", "abc", &fd), 0);
  CHECK_EQ(SealedFile("test", "", &empty), 0);
  MemoryMap map, none, shared;
  CHECK_EQ(map.Open(fd.get(), false), 0);
  CHECK_EQ(static_cast<char*>(map.data())[2], 'c');
  CHECK_EQ(shared.Open(fd.get(), true), -EPERM);
  CHECK_EQ(none.Open(empty.get(), false), 0);
  CHECK_EQ(none.size(), size_t{0});
}

TEST(SendFileNeverWaitsForTheSocket) {
  UniqueFd fd;
  CHECK_EQ(MemoryFile("test", 1'000'000, &fd), 0);
  int pair[2];
  CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);  // both block
  UniqueFd near(pair[0]), far(pair[1]);
  int64_t sent = 0, result = 0;
  while ((result = SendFile(near.get(), fd.get(), sent, 1'000'000)) > 0) sent += result;
  CHECK_EQ(result, int64_t{-EAGAIN});
  CHECK(sent > 0);
  CHECK_EQ(SendFile(near.get(), fd.get(), 1'000'000, 1), int64_t{0});
}

#endif
