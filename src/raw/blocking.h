// Which descriptors a caller of `raw` made blocking: only on these may a call of `raw` wait.
#pragma once

#include <sys/socket.h>
#include <sys/stat.h>

#include "sys/array.h"

namespace afunix {

// The set belongs to one environment. A descriptor counts only while its number means the socket
// that was added: when somebody else closes it, another socket may get the number.
class BlockingDescriptors {
 public:
  // Descriptors that cannot be looked at are left out: calls on them do not wait.
  void Add(int fd);
  void Remove(int fd);
  bool Has(int fd);
  // MSG_DONTWAIT for a send or receive on `fd` that may not wait, 0 for one that may.
  int WaitFlags(int fd) { return Has(fd) ? 0 : MSG_DONTWAIT; }

 private:
  struct Entry {
    int fd;
    dev_t device;
    ino_t inode;
  };
  // The entry of `fd`, or where it would be.
  Entry* Find(int fd);

  sys::Array<Entry> entries_;  // by fd
};

}  // namespace afunix
