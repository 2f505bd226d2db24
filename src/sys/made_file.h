// The file that bind(2) made for a socket, before others may use it.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include "text.h"

namespace afunix::sys {

// The mode and the owner that the file is to have.
struct FileRights {
  int mode = -1;                         // 07777, exactly, whatever the umask; -1: as that says
  uid_t owner = static_cast<uid_t>(-1);  // -1: this process's
  gid_t group = static_cast<gid_t>(-1);  // -1: what the system gives it

  bool ChangeOwner() const {
    return owner != static_cast<uid_t>(-1) || group != static_cast<gid_t>(-1);
  }
};

// A file made by bind(2), removed again unless it is kept.
struct MadeFile {
  int directory = -1;  // borrowed
  Text name;
  struct stat status;

  void Keep() { name.clear(); }
  ~MadeFile();
};

// Prepares `fd` for a bind(2) that makes a file with these rights, and fills in a mode that is
// still to be set afterwards. A file that gets another owner can be used by nobody until it has it,
// but for macOS. Returns 0 or -errno: -ENOSYS where /proc would be needed and is not there.
int PrepareRights(int fd, FileRights* rights);

// Gives the file its owner and exactly its mode. Returns 0 or -errno. After a failure it has the
// owner that it had, who can remove it.
int SetRights(const MadeFile& made, const FileRights& rights);

}  // namespace afunix::sys
