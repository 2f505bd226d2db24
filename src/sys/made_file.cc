#include "made_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "descriptor_path.h"
#include "file_status.h"
#include "retry.h"
#include "temporary_name.h"
#include "unique_fd.h"

namespace afunix::sys {

MadeFile::~MadeFile() {
  if (!name.empty()) UnlinkIfSame(directory, name, status);
}

namespace {

bool HasRights(const struct stat& status, const FileRights& rights) {
  return !rights.ChangeOwner() &&
         (rights.mode < 0 || static_cast<int>(status.st_mode & 07777) == rights.mode);
}

#ifdef __linux__

// Returns the umask, or -errno. umask(2) would change it for a moment, for all threads.
int ReadUmask() {
  UniqueFd file(Retry([&] { return ::open("/proc/self/status", O_RDONLY | O_CLOEXEC); }));
  if (!file) {
    const int error = file.Release();
    return error == -ENOENT ? -ENOSYS : error;
  }
  char text[512];  // it is the second line
  const ssize_t length = Retry([&] { return ::read(file.get(), text, sizeof(text) - 1); });
  if (length < 0) return static_cast<int>(length);
  text[length] = '\0';
  constexpr char kLabel[] = "\nUmask:\t";  // Linux 4.7
  const char* line = std::strstr(text, kLabel);
  return line == nullptr ? -ENOSYS
                         : static_cast<int>(std::strtol(line + sizeof(kLabel) - 1, nullptr, 8));
}

int SetOwner(int file, uid_t owner, gid_t group) {
  return Retry([&] { return ::fchownat(file, "", owner, group, AT_EMPTY_PATH); });
}

#endif

}  // namespace

#ifdef __linux__

// Linux gives the file the mode of the socket's own inode, less the umask: set before bind, it is
// never more open than asked, not even for a moment. A datagram could be sent to it at once.
int PrepareRights(int fd, FileRights* rights) {
  int mode = rights->mode;
  if (rights->ChangeOwner()) {
    if (mode < 0) {
      const int umask = ReadUmask();
      if (umask < 0) return umask;
      rights->mode = 0777 & ~umask;
    }
    mode = 0;
  }
  return mode < 0 ? 0 : Retry([&] { return ::fchmod(fd, static_cast<mode_t>(mode)); });
}

// Gives back what the umask took. The file is held by a descriptor that follows no symbolic link:
// whatever the name stands for by now, only what this socket made is changed.
int SetRights(const MadeFile& made, const FileRights& rights) {
  if (HasRights(made.status, rights)) return 0;
  UniqueFd file(Retry([&] {
    return ::openat(made.directory, made.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
  }));
  if (!file) return file.Release();
  struct stat status;
  if (const int error = Stat(file.get(), &status)) return error;
  if (!S_ISSOCK(status.st_mode) || !IsSameFile(status, made.status) || status.st_uid != geteuid()) {
    return -EPERM;
  }
  if (rights.ChangeOwner()) {
    if (const int error = SetOwner(file.get(), rights.owner, rights.group)) return error;
  }
  // fchmod(2) does not take an O_PATH descriptor; its link in /proc leads to the same inode.
  const Text link = DescriptorPath("self", file.get());
  const int error = Retry([&] { return ::chmod(link.c_str(), static_cast<mode_t>(rights.mode)); });
  if (error != 0 && rights.ChangeOwner()) SetOwner(file.get(), status.st_uid, status.st_gid);
  return error;
}

#else

// macOS: fchmod(2) on a socket is EINVAL. The file has the umask's mode until the call below, but
// nobody can connect before listen(2), which comes after.
int PrepareRights(int, FileRights*) { return 0; }

int SetRights(const MadeFile& made, const FileRights& rights) {
  if (HasRights(made.status, rights)) return 0;
  const char* name = made.name.c_str();
  if (rights.mode >= 0) {
    const int error = Retry([&] {
      return ::fchmodat(made.directory, name, static_cast<mode_t>(rights.mode),
                        AT_SYMLINK_NOFOLLOW);
    });
    if (error != 0) return error;
  }
  if (!rights.ChangeOwner()) return 0;
  return Retry([&] {
    return ::fchownat(made.directory, name, rights.owner, rights.group, AT_SYMLINK_NOFOLLOW);
  });
}

#endif

}  // namespace afunix::sys
