#include "attributes.h"

#include <cerrno>

#include "sys/attributes.h"
#include "sys/text.h"

namespace afunix {

// fgetxattr(fd, name, value)
int64_t GetAttribute(const Arguments& arguments) {
  int fd;
  Bytes name, value;
  if (!arguments.Read(&fd, &name, &value)) return -EINVAL;
  return sys::GetAttribute(fd, sys::Text(name.view()).c_str(), value.data, value.length);
}

// fsetxattr(fd, name, value, flags)
int64_t SetAttribute(const Arguments& arguments) {
  int fd, flags;
  Bytes name, value;
  if (!arguments.Read(&fd, &name, &value, &flags)) return -EINVAL;
  const sys::Text text(name.view());
  return sys::SetAttribute(fd, text.c_str(), value.data, value.length, flags);
}

// flistxattr(fd, names)
int64_t ListAttributes(const Arguments& arguments) {
  int fd;
  Bytes names;
  if (!arguments.Read(&fd, &names)) return -EINVAL;
  return sys::ListAttributes(fd, names.data, names.length);
}

// fremovexattr(fd, name)
int64_t RemoveAttribute(const Arguments& arguments) {
  int fd;
  Bytes name;
  if (!arguments.Read(&fd, &name)) return -EINVAL;
  return sys::RemoveAttribute(fd, sys::Text(name.view()).c_str());
}

}  // namespace afunix
