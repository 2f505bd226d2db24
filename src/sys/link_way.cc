#include "link_way.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "absolute_path.h"
#include "retry.h"

namespace afunix::sys {

LinkWay::~LinkWay() {
  if (directory_.empty()) return;
  ::unlink(path().c_str());
  ::rmdir(directory_.c_str());
}

int LinkWay::Make(const Text& path) {
  Text target;
  if (const int error = MakeAbsolute(path, &target)) return error;
  char name[] = "/tmp/afunix-way-XXXXXX";
  const int error = Retry([&] { return ::mkdtemp(name) == nullptr ? -1 : 0; });
  if (error != 0) return error;
  directory_ = name;
  return Retry([&] { return ::symlink(target.c_str(), this->path().c_str()); });
}

}  // namespace afunix::sys
