#include "bound_path.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "address.h"
#include "calls.h"
#include "platform.h"
#include "retry.h"
#include "temporary_name.h"
#include "unique_fd.h"

namespace afunix::sys {

namespace {

int LStat(const std::string& path, struct stat* out) {
  return Retry([&] { return ::lstat(path.c_str(), out); });
}

bool SameFile(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// Returns 0 also when the file is already gone, or another one by now.
int UnlinkIfSame(const std::string& path, const struct stat& expected) {
  struct stat found;
  if (LStat(path, &found) != 0 || !SameFile(found, expected)) return 0;
  const int error = Retry([&] { return ::unlink(path.c_str()); });
  return error == -ENOENT ? 0 : error;
}

// A file made by bind(2), removed again unless it is kept.
struct MadeFile {
  std::string path;
  struct stat status;
  bool keep = false;

  ~MadeFile() {
    if (!keep && !path.empty()) UnlinkIfSame(path, status);
  }
};

// The file `name` in the directory of `path`.
std::string Sibling(const std::string& path, const std::string& name) {
  return path.substr(0, path.rfind('/') + 1) + name;  // npos + 1 is 0
}

int MakeAbsolute(const std::string& path, std::string* out) {
  if (path[0] == '/') {
    *out = path;
    return 0;
  }
  char directory[PATH_MAX];
  const int error =
      Retry([&] { return ::getcwd(directory, sizeof(directory)) == nullptr ? -1 : 0; });
  if (error != 0) return error == -ERANGE ? -ENAMETOOLONG : error;
  *out = directory;
  if (out->back() != '/') *out += '/';
  *out += path;
  return out->size() < PATH_MAX ? 0 : -ENAMETOOLONG;
}

// The part of `path` after its directory.
const char* NameIn(const std::string& path) { return path.c_str() + path.rfind('/') + 1; }

// Enough to look into a directory; a lock takes O_RDONLY.
#ifdef __linux__
constexpr int kLook = O_PATH;
#else
constexpr int kLook = O_RDONLY;
#endif

// The directory that `path` lies in.
int OpenDirectory(const std::string& path, int mode, UniqueFd* out) {
  const std::string directory = Sibling(path, "");
  const int fd = Retry([&] { return ::open(directory.c_str(), mode | O_DIRECTORY | O_CLOEXEC); });
  if (fd < 0) return fd;
  out->Reset(fd);
  return 0;
}

// Released when the descriptor closes.
int LockDirectory(int directory) {
  const int error = Retry([&] { return ::flock(directory, LOCK_EX | LOCK_NB); });
  return error == -EWOULDBLOCK ? kLocked : error;
}

// 0, or why nobody should be served at `path`, which lies in `directory`.
int CheckSafety(const UniqueFd& directory, const std::string& path) {
  struct stat status;
  if (const int error = Stat(directory.get(), &status)) return error;
  if ((status.st_mode & (S_IWOTH | S_ISVTX)) == S_IWOTH) return kUnsafeDirectory;
  return LStat(path, &status) == 0 && S_ISLNK(status.st_mode) ? kSymbolicLink : 0;
}

// Where the symbolic link at `path`, if it is one, leads in the end.
int FollowLinks(std::string* path) {
  constexpr int kMaxLinks = 40;  // as the kernel's
  for (int i = 0; i < kMaxLinks; ++i) {
    char target[PATH_MAX];
    const ssize_t length = Retry([&] { return ::readlink(path->c_str(), target, sizeof(target)); });
    if (length == -EINVAL || length == -ENOENT) return 0;
    if (length < 0) return static_cast<int>(length);
    const std::string link(target, static_cast<size_t>(length));
    *path = link[0] == '/' ? link : Sibling(*path, link);
    if (path->size() >= PATH_MAX) return -ENAMETOOLONG;
  }
  return -ELOOP;
}

#ifdef __linux__

// Linux gives the file the mode of the socket's own inode, less the umask: set before bind, it is
// never more open than asked, not even for a moment.
int SetModeBeforeBind(int fd, int mode) {
  return Retry([&] { return ::fchmod(fd, static_cast<mode_t>(mode)); });
}

// Gives back what the umask took. The file is held by a descriptor that follows no symbolic link:
// whatever the name stands for by now, only what this socket made is changed.
int RestoreMode(const MadeFile& made, int mode) {
  UniqueFd file(Retry([&] { return ::open(made.path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC); }));
  if (!file) return file.Release();
  struct stat status;
  if (const int error = Stat(file.get(), &status)) return error;
  if (!S_ISSOCK(status.st_mode) || !SameFile(status, made.status) || status.st_uid != geteuid()) {
    return -EPERM;
  }
  // fchmod(2) does not take an O_PATH descriptor; its link in /proc leads to the same inode.
  const std::string link = "/proc/self/fd/" + std::to_string(file.get());
  return Retry([&] { return ::chmod(link.c_str(), static_cast<mode_t>(mode)); });
}

#else

// macOS: fchmod(2) on a socket is EINVAL. The file has the umask's mode until the call below, but
// nobody can connect before listen(2), which comes after.
int SetModeBeforeBind(int, int) { return 0; }

int RestoreMode(const MadeFile& made, int mode) {
  return Retry([&] {
    return ::fchmodat(AT_FDCWD, made.path.c_str(), static_cast<mode_t>(mode), AT_SYMLINK_NOFOLLOW);
  });
}

#endif

// What is left to do once `path` is bound: know the file again, its mode, listen.
int Finish(int fd, const UniqueFd& directory, const std::string& path, const BindRequest& request,
           MadeFile* made) {
  struct stat status;
  const int error =
      Retry([&] { return ::fstatat(directory.get(), NameIn(path), &status, AT_SYMLINK_NOFOLLOW); });
  // Someone has put another file there, or another directory in the way.
  if (error == -ENOENT || (error == 0 && !S_ISSOCK(status.st_mode))) return -EADDRINUSE;
  if (error != 0) return error;
  made->path = path;
  made->status = status;
  if (request.mode >= 0 && static_cast<int>(status.st_mode & 07777) != request.mode) {
    if (const int error = RestoreMode(*made, request.mode)) return error;
  }
  return request.listen_backlog < 0 ? 0 : Listen(fd, request.listen_backlog);
}

// 1: somebody answers at `path`; 0: nobody does; or -errno. See BindPath().
int Probe(const std::string& path) {
  UniqueFd probe;
  if (const int error = Socket(AF_UNIX, SOCK_DGRAM, 0, kDefault, &probe)) return error;
  const int error = Connect(probe.get(), path);
  switch (error) {
    case -ECONNREFUSED:
      return 0;
    case -ENOENT:
    case -EAGAIN:  // of a datagram socket, which never has to wait: it says nothing
    case -ENOBUFS:
    case -ENOMEM:
      return error;
    default:
      return 1;
  }
}

// The directory is locked. The loop ends early but for processes that take and leave the path
// without the lock.
int BindOverStale(int fd, const std::string& path) {
  for (int attempt = 0; attempt < 16; ++attempt) {
    const int bound = Bind(fd, path);
    if (bound != -EADDRINUSE) return bound;
    struct stat found;
    int error = LStat(path, &found);
    if (error == -ENOENT) continue;
    if (error != 0) return error;
    if (!S_ISSOCK(found.st_mode)) return -EADDRINUSE;
    const int alive = Probe(path);
    if (alive == -ENOENT) continue;
    if (alive != 0) return alive < 0 ? alive : -EADDRINUSE;
    error = UnlinkIfSame(path, found);
    if (error != 0) return error;
  }
  return -EADDRINUSE;
}

// Binds to a temporary name beside `path`, which names a socket file. It is good as long as
// `directory` is open.
int BindBeside(int fd, const UniqueFd& directory, const std::string& path, std::string* temporary) {
  struct stat found;
  const int error = LStat(path, &found);
  if (error != 0 && error != -ENOENT) return error;
  if (error == 0 && !S_ISSOCK(found.st_mode)) return -EADDRINUSE;
  int bound = -EADDRINUSE;
  for (int i = 0; bound == -EADDRINUSE && i < kTemporaryNameAttempts; ++i) {
    const std::string name = TemporaryName();
    *temporary = Sibling(path, name);
#ifdef __linux__
    // The name is longer than the one it stands in for.
    if (temporary->size() >= PATH_MAX) {
      *temporary = "/proc/self/fd/" + std::to_string(directory.get()) + "/" + name;
    }
#else
    (void)directory;
#endif
    bound = Bind(fd, *temporary);
  }
  return bound;
}

}  // namespace

void BoundPath::Unlink() {
  if (path_.empty()) return;
  struct stat made;
  made.st_dev = device_;
  made.st_ino = inode_;
  UnlinkIfSame(path_, made);
  path_.clear();
}

int BindPath(int fd, const BindRequest& request, BoundPath* out) {
  out->Forget();
  if (const int error = CheckAddress(request.address)) return error;
  if (request.address.empty() || request.address[0] == '\0') {
    if (const int error = Bind(fd, request.address)) return error;
    return request.listen_backlog < 0 ? 0 : Listen(fd, request.listen_backlog);
  }

  std::string path(request.address);
  std::string absolute;
  if (const int error = MakeAbsolute(path, &absolute)) return error;
  if (request.allow_unsafe) {
    std::string end = absolute;
    if (const int error = FollowLinks(&end)) return error;
    if (end != absolute) path = absolute = end;
  }
  const bool stale = request.replace == Replace::kStale;
  UniqueFd directory;
  if (const int error = OpenDirectory(absolute, stale ? O_RDONLY : kLook, &directory)) return error;
  if (!request.allow_unsafe) {
    if (const int error = CheckSafety(directory, absolute)) return error;
  }
  if (stale) {
    if (const int error = LockDirectory(directory.get())) return error;
  }
  if (request.mode >= 0) {
    if (const int error = SetModeBeforeBind(fd, request.mode)) return error;
  }

  // Bound as the caller wrote it: what the kernel tells peers, and getsockname, is that.
  int error = stale ? BindOverStale(fd, path) : Bind(fd, path);
  std::string temporary;
  if (error == -EADDRINUSE && request.replace == Replace::kAlways) {
    error = BindBeside(fd, directory, absolute, &temporary);
  }
  if (error != 0) return error;

  MadeFile made;
  error = Finish(fd, directory, temporary.empty() ? absolute : temporary, request, &made);
  if (error != 0) return error;
  if (!temporary.empty()) {
    const int place = directory.get();
    error = Retry([&] { return ::renameat(place, NameIn(temporary), place, NameIn(absolute)); });
    if (error != 0) return error;
  }
  made.keep = true;
  out->path_ = std::move(absolute);
  out->device_ = made.status.st_dev;
  out->inode_ = made.status.st_ino;
  return 0;
}

}  // namespace afunix::sys
