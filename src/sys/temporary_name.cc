#include "temporary_name.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <ctime>

#include "address.h"
#include "calls.h"
#include "descriptor_path.h"
#include "file_status.h"
#include "link_way.h"
#include "platform.h"
#include "probe.h"
#include "retry.h"

#ifdef __linux__
#include <sys/syscall.h>
#else
#include <sys/random.h>
#endif

namespace afunix::sys {

namespace {

constexpr char kKeptPrefix[] = ".afunix-";
constexpr char kMovedPrefix[] = ".afunix-tmp-";

int MakeName(Temporary kind, Text* out) {
  uint64_t number;
  const int error = Retry([&] { return ::getentropy(&number, sizeof(number)); });
  if (error != 0) return error;
  char digits[17];
  (void)snprintf(digits, sizeof(digits), "%016llx", static_cast<unsigned long long>(number));
  *out = Text(kind == Temporary::kKept ? kKeptPrefix : kMovedPrefix) + digits;
  return 0;
}

#if AFUNIX_PROC
// The way to an open directory that any process can go.
int DescriptorPrefix(int directory, Text* out) {
  char pid[32];
  // Not getpid(2): the /proc that is mounted may number processes otherwise.
  const ssize_t length = Retry([&] { return ::readlink("/proc/self", pid, sizeof(pid)); });
  if (length == -ENOENT) return -ENOSYS;
  if (length < 0) return static_cast<int>(length);
  *out = DescriptorPath(std::string_view(pid, static_cast<size_t>(length)), directory) + "/";
  return 0;
}
#endif

int LinkAt(int directory, const Text& from, const Text& to) {
  return Retry([&] { return ::linkat(directory, from.c_str(), directory, to.c_str(), 0); });
}

int UnlinkAt(int directory, const Text& name) {
  return Retry([&] { return ::unlinkat(directory, name.c_str(), 0); });
}

int RenameNoReplace(int directory, const Text& from, const Text& to) {
#ifdef __linux__
  constexpr unsigned kNoReplace = 1;  // RENAME_NOREPLACE; musl has neither it nor renameat2()
  return static_cast<int>(Retry([&] {
    return syscall(SYS_renameat2, directory, from.c_str(), directory, to.c_str(), kNoReplace);
  }));
#else
  (void)directory;
  (void)from;
  (void)to;
  return -EINVAL;
#endif
}

bool IsKeptName(std::string_view name) {
  constexpr std::string_view kPrefix = kKeptPrefix;
  return name.size() == kPrefix.size() + 16 &&
         std::string_view(name.data(), kPrefix.size()) == kPrefix &&
         name.find_first_not_of("0123456789abcdef", kPrefix.size()) == std::string_view::npos;
}

// Whether a file is this user's and was not made just now.
bool IsOld(const struct stat& file) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
#ifdef __APPLE__
  const time_t changed = file.st_ctimespec.tv_sec;
#else
  const time_t changed = file.st_ctim.tv_sec;
#endif
  return file.st_uid == ::geteuid() && now.tv_sec - changed > 1;
}

int InUse(int error) { return error == -EEXIST ? -EADDRINUSE : error; }

}  // namespace

int BindTemporary(int fd, Temporary kind, int directory, const Text& prefix, Text* name,
                  bool* by_descriptor) {
  if (const int error = MakeName(kind, name)) return error;
  Text address = prefix + *name;
  const bool is_long = address.size() > Address::kMaxPath;
#if AFUNIX_PROC
  *by_descriptor = is_long;
  if (is_long) {
    Text way;
    if (const int error = DescriptorPrefix(directory, &way)) return error;
    address = way + *name;
  }
#else
  (void)directory;
  *by_descriptor = false;
  LinkWay way;
  if (is_long) {
    if (const int error = way.Make(prefix)) return error;
    address = way.path() + "/" + *name;
  }
#endif
  return Bind(fd, address);
}

int Move(int directory, const Text& temporary, const Text& name) {
  int error = RenameNoReplace(directory, temporary, name);
  if (error != -EINVAL && error != -ENOSYS) return InUse(error);
  // The file system cannot (NFS).
  error = LinkAt(directory, temporary, name);
  if (error == 0) UnlinkAt(directory, temporary);
  return InUse(error);
}

int Link(int directory, const Text& temporary, const Text& name, bool* kept) {
  const int error = LinkAt(directory, temporary, name);
  *kept = error == 0 || error == -EEXIST;
  return *kept ? InUse(error) : Move(directory, temporary, name);
}

int MoveOver(int directory, const Text& temporary, const Text& name, bool* kept) {
  Text second;
  if (*kept) {
    if (const int error = MakeName(Temporary::kMoved, &second)) return error;
    *kept = LinkAt(directory, temporary, second) == 0;
  }
  const Text& from = *kept ? second : temporary;
  const int error =
      Retry([&] { return ::renameat(directory, from.c_str(), directory, name.c_str()); });
  if (error != 0 && *kept) UnlinkAt(directory, second);
  return error;
}

int UnlinkIfSame(int directory, const Text& name, const struct stat& expected) {
  struct stat found;
  if (StatAt(directory, name, &found) != 0 || !IsSameFile(found, expected)) return 0;
  const int error = UnlinkAt(directory, name);
  return error == -ENOENT ? 0 : error;
}

void UnlinkLeftOvers(int directory, const Text& prefix, const struct stat* dead) {
  const int fd =
      Retry([&] { return ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (fd < 0) return;
  DIR* entries = ::fdopendir(fd);
  if (entries == nullptr) {
    Close(fd);
    return;
  }
  while (const dirent* entry = ::readdir(entries)) {
    const std::string_view name = entry->d_name;
    if (!IsKeptName(name)) continue;
    struct stat found;
    if (StatAt(directory, name, &found) != 0 || !S_ISSOCK(found.st_mode)) continue;
    const bool same = dead != nullptr && IsSameFile(found, *dead);
    if (same || (IsOld(found) && Probe(prefix + name) == 0)) UnlinkIfSame(directory, name, found);
  }
  ::closedir(entries);
}

}  // namespace afunix::sys
