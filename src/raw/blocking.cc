#include "blocking.h"

#include <algorithm>

#include "sys/file_status.h"

namespace afunix {

BlockingDescriptors::Entry* BlockingDescriptors::Find(int fd) {
  return std::lower_bound(entries_.begin(), entries_.end(), fd,
                          [](const Entry& entry, int wanted) { return entry.fd < wanted; });
}

void BlockingDescriptors::Remove(int fd) {
  Entry* const found = Find(fd);
  if (found != entries_.end() && found->fd == fd) entries_.erase(found);
}

void BlockingDescriptors::Add(int fd) {
  Remove(fd);
  struct stat stat;
  if (sys::Stat(fd, &stat) == 0) entries_.insert(Find(fd), {fd, stat.st_dev, stat.st_ino});
}

bool BlockingDescriptors::Has(int fd) {
  Entry* const found = Find(fd);
  if (found == entries_.end() || found->fd != fd) return false;
  struct stat stat;
  if (sys::Stat(fd, &stat) == 0 && stat.st_dev == found->device && stat.st_ino == found->inode) {
    return true;
  }
  entries_.erase(found);
  return false;
}

}  // namespace afunix
