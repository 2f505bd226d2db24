#include "sealed_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "retry.h"

namespace afunix::sys {

#ifdef __linux__

namespace {

#ifndef MFD_NOEXEC_SEAL  // 6.3
#define MFD_NOEXEC_SEAL 8U
#endif

int Create(const char* name) {
  const int fd = Retry([&] { return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING); });
  if (fd != -EACCES) return fd;
  // vm.memfd_noexec=2. Not always: it adds a seal, which systemd before 254 does not expect.
  return Retry(
      [&] { return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL); });
}

}  // namespace

int CreateMemoryFile(const char* name, UniqueFd* out) {
  const int fd = Create(name);
  if (fd < 0) return fd;
  out->Reset(fd);
  return 0;
}

int SealedFile(const char* name, std::string_view contents, UniqueFd* out) {
  UniqueFd fd;
  if (const int error = CreateMemoryFile(name, &fd)) return error;
  const int created = fd.get();
  while (!contents.empty()) {
    const ssize_t written = Retry([&] { return write(created, contents.data(), contents.size()); });
    if (written < 0) return static_cast<int>(written);
    contents.remove_prefix(static_cast<size_t>(written));
  }
  const off_t place = Retry([&] { return lseek(created, 0, SEEK_SET); });
  if (place < 0) return static_cast<int>(place);
  const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  const int error = Retry([&] { return fcntl(created, F_ADD_SEALS, seals); });
  if (error < 0) return error;
  *out = std::move(fd);
  return 0;
}

#else

int CreateMemoryFile(const char*, UniqueFd*) { return -ENOSYS; }
int SealedFile(const char*, std::string_view, UniqueFd*) { return -ENOSYS; }

#endif

}  // namespace afunix::sys
