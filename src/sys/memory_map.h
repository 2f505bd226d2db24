// Files in memory that processes share, mapped (Linux).
#pragma once

#include <cstddef>
#include <cstdint>

#include "unique_fd.h"

namespace afunix::sys {

// Makes a file in memory of this size, zeros, which can neither shrink nor grow (F_SEAL_SHRINK,
// F_SEAL_GROW). Its memory is allocated at once: a mapping of it never lacks a page. Close-on-exec.
// Returns 0 or -errno; -ENOSYS where there is no memfd_create(2) (macOS).
int MemoryFile(const char* name, int64_t size, UniqueFd* out);

// Returns the seals (F_GET_SEALS), or -errno: -EINVAL for what can have none.
int GetSeals(int fd);

// The memory of a file, for as long as this object lives.
class MemoryMap {
 public:
  MemoryMap() = default;
  ~MemoryMap();
  MemoryMap(const MemoryMap&) = delete;
  MemoryMap& operator=(const MemoryMap&) = delete;

  // Maps all of the file, to read and write: with `shared` for all who map it, else for this
  // process alone, from the first write to a page on. Returns 0 or -errno: -EPERM unless the file
  // is in memory and has the seal F_SEAL_SHRINK. Of any other file the end may be cut off, and
  // then a read of the memory ends the process (SIGBUS). An empty file maps to nothing.
  int Open(int fd, bool shared);

  void* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  void* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace afunix::sys
