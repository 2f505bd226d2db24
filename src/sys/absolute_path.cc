#include "absolute_path.h"

#include <unistd.h>

#include <cerrno>
#include <climits>

#include "retry.h"

namespace afunix::sys {

int MakeAbsolute(const Text& path, Text* out) {
  if (path.c_str()[0] == '/') {
    *out = path;
    return 0;
  }
  char directory[PATH_MAX];
  const int error =
      Retry([&] { return ::getcwd(directory, sizeof(directory)) == nullptr ? -1 : 0; });
  if (error != 0) return error == -ERANGE ? -ENAMETOOLONG : error;
  *out = directory;
  if (out->view().back() != '/') *out += "/";
  *out += path;
  return out->size() < PATH_MAX ? 0 : -ENAMETOOLONG;
}

}  // namespace afunix::sys
