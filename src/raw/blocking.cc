#include "blocking.h"

#include "sys/file_status.h"

namespace afunix {

void BlockingDescriptors::Add(int fd) {
  struct stat stat;
  if (sys::Stat(fd, &stat) == 0) sockets_[fd] = {stat.st_dev, stat.st_ino};
}

bool BlockingDescriptors::Has(int fd) {
  const auto found = sockets_.find(fd);
  if (found == sockets_.end()) return false;
  struct stat stat;
  if (sys::Stat(fd, &stat) == 0 && stat.st_dev == found->second.device &&
      stat.st_ino == found->second.inode) {
    return true;
  }
  sockets_.erase(found);
  return false;
}

}  // namespace afunix
