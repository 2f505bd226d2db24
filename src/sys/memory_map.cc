#include "memory_map.h"

#include <cerrno>

#include "file_status.h"
#include "retry.h"
#include "sealed_file.h"

#ifdef __linux__
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#endif

namespace afunix::sys {

#ifdef __linux__

namespace {

// TMPFS_MAGIC of linux/magic.h, which Alpine's compiler comes without.
constexpr auto kMemoryFileSystem = 0x01021994;

}  // namespace

int MemoryFile(const char* name, int64_t size, UniqueFd* out) {
  UniqueFd fd;
  if (const int error = CreateMemoryFile(name, &fd)) return error;
  const auto grown = [&] { return ::fallocate(fd.get(), 0, 0, size); };
  if (const int error = Retry(grown)) return error;
  const auto seal = [&] { return ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW); };
  if (const int error = Retry(seal)) return error;
  *out = std::move(fd);
  return 0;
}

int GetSeals(int fd) {
  return Retry([&] { return ::fcntl(fd, F_GET_SEALS); });
}

MemoryMap::~MemoryMap() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

int MemoryMap::Open(int fd, bool shared) {
  const int seals = GetSeals(fd);
  if (seals < 0) return seals == -EINVAL ? -EPERM : seals;
  struct statfs system = {};
  if (const int error = Retry([&] { return ::fstatfs(fd, &system); })) return error;
  // Huge pages have seals, too, and may lack a page.
  if ((seals & F_SEAL_SHRINK) == 0 || system.f_type != kMemoryFileSystem) return -EPERM;
  struct stat stat = {};
  if (const int error = Stat(fd, &stat)) return error;
  const auto size = static_cast<size_t>(stat.st_size);
  if (size == 0) return 0;
  const int flags = shared ? MAP_SHARED : MAP_PRIVATE;
  void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, fd, 0);
  if (data == MAP_FAILED) return -errno;
  data_ = data;
  size_ = size;
  return 0;
}

#else

int MemoryFile(const char*, int64_t, UniqueFd*) { return -ENOSYS; }
int GetSeals(int) { return -ENOSYS; }
MemoryMap::~MemoryMap() = default;
int MemoryMap::Open(int, bool) { return -ENOSYS; }

#endif

}  // namespace afunix::sys
