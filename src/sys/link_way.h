// A short way to a long path, where there is no /proc to go through: a symbolic link.
#pragma once

#include <utility>

#include "text.h"

namespace afunix::sys {

// A symbolic link in a new directory below /tmp that only this user may enter. Both are removed
// with the object. A process that is killed in between leaves them.
class LinkWay {
 public:
  LinkWay() = default;
  ~LinkWay();
  LinkWay(LinkWay&& other) noexcept : directory_(std::exchange(other.directory_, {})) {}
  LinkWay& operator=(LinkWay&&) = delete;

  // Makes the link lead to `path`. A relative one is taken from the current directory. Returns 0 or
  // -errno.
  int Make(const Text& path);

  // The link's pathname, of 24 bytes.
  Text path() const { return directory_ + "/l"; }

 private:
  Text directory_;  // empty: not made
};

}  // namespace afunix::sys
