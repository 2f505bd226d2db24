// A sealed file in memory: whole, at its beginning, and for ever the same.
#include "../../src/sys/sealed_file.h"

#include <sys/mman.h>

#include <string>

#include "check.h"
#include "fixtures.h"

using namespace fixtures;

#ifdef __linux__

TEST(SealedFileHasItsContents) {
  for (const size_t length : {size_t{0}, size_t{1}, size_t{3'000'000}}) {
    const std::string contents(length, 'x');
    UniqueFd fd;
    CHECK_EQ(SealedFile("test", contents, &fd), 0);
    CHECK(IsCloseOnExec(fd.get()));
    std::string read(length + 1, '\0');
    CHECK_EQ(::read(fd.get(), read.data(), read.size()), static_cast<ssize_t>(length));
    CHECK_EQ(read.substr(0, length), contents);
  }
}

TEST(SealedFileNeverChanges) {
  UniqueFd fd;
  CHECK_EQ(SealedFile("test", "abc", &fd), 0);
  CHECK_EQ(pwrite(fd.get(), "x", 1, 0), ssize_t{-1});
  CHECK_EQ(errno, EPERM);
  CHECK_EQ(ftruncate(fd.get(), 0), -1);
  CHECK_EQ(ftruncate(fd.get(), 10), -1);
  CHECK_EQ(fcntl(fd.get(), F_ADD_SEALS, F_SEAL_FUTURE_WRITE), -1);
  CHECK(mmap(nullptr, 3, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0) == MAP_FAILED);
}

TEST(SealedFileWithoutAnyDescriptor) {
  UniqueFd fd;
  CHECK_EQ(SealedFile(std::string(300, 'n').c_str(), "abc", &fd), -EINVAL);
  CHECK(!fd);
}

#endif
