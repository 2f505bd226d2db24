#include "bound_path.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

#include "absolute_path.h"
#include "address.h"
#include "calls.h"
#include "file_status.h"
#include "made_file.h"
#include "platform.h"
#include "probe.h"
#include "retry.h"
#include "temporary_name.h"
#include "unique_fd.h"

namespace afunix::sys {

namespace {

int LStat(const Text& path, struct stat* out) { return StatAt(AT_FDCWD, path, out); }

// The file `name` in the directory of `path`.
Text Sibling(const Text& path, const Text& name) {
  const std::string_view directory(path.c_str(), path.view().rfind('/') + 1);  // npos + 1 is 0
  return Text(directory) + name;
}

// The part of `path` after its directory.
const char* NameIn(const Text& path) { return path.c_str() + path.view().rfind('/') + 1; }

// The directory that `path` lies in.
int OpenDirectory(const Text& path, UniqueFd* out) {
  const Text directory = Sibling(path, "");
  const int fd =
      Retry([&] { return ::open(directory.c_str(), kLookInto | O_DIRECTORY | O_CLOEXEC); });
  if (fd < 0) return fd;
  out->Reset(fd);
  return 0;
}

// Locks `directory` until `lock` closes.
int LockDirectory(const UniqueFd& directory, UniqueFd* lock) {
  const int fd =
      Retry([&] { return ::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (fd < 0) return fd;
  lock->Reset(fd);
  const int error = Retry([&] { return ::flock(fd, LOCK_EX | LOCK_NB); });
  return error == -EWOULDBLOCK ? kLocked : error;
}

// 0, or why nobody should be served at `path`, which lies in `directory`.
int CheckSafety(const UniqueFd& directory, const Text& path) {
  struct stat status;
  if (const int error = Stat(directory.get(), &status)) return error;
  if ((status.st_mode & (S_IWOTH | S_ISVTX)) == S_IWOTH) return kUnsafeDirectory;
  return LStat(path, &status) == 0 && S_ISLNK(status.st_mode) ? kSymbolicLink : 0;
}

// Where the symbolic link at `path`, if it is one, leads in the end.
int FollowLinks(Text* path) {
  constexpr int kMaxLinks = 40;  // as the kernel's
  for (int i = 0; i < kMaxLinks; ++i) {
    char target[PATH_MAX];
    const ssize_t length = Retry([&] { return ::readlink(path->c_str(), target, sizeof(target)); });
    if (length == -EINVAL || length == -ENOENT) return 0;
    if (length < 0) return static_cast<int>(length);
    const std::string_view link(target, static_cast<size_t>(length));
    *path = link[0] == '/' ? Text(link) : Sibling(*path, link);
    if (path->size() >= PATH_MAX) return -ENAMETOOLONG;
  }
  return -ELOOP;
}

}  // namespace

// Whether macOS finds a socket by a second name is not known.
constexpr bool kSecondNames = AFUNIX_PROC;

// One BindPath() of a pathname.
class Binding {
 public:
  // `path` is absolute and lies in `directory`.
  Binding(int fd, const BindRequest& request, const FileRights& rights, Text path,
          UniqueFd directory)
      : fd_(fd),
        request_(request),
        rights_(rights),
        path_(std::move(path)),
        name_(NameIn(path_)),
        directory_(std::move(directory)) {
    made_.directory = directory_.get();
  }

  int Run();
  BoundPath Result();

 private:
  bool Fits() const;
  int MakeWay();
  int MakeTemporary();
  int Publish();
  int Finish(const Text& name);

  const int fd_;
  const BindRequest& request_;
  const FileRights rights_;
  const Text path_;
  const Text name_;  // in the directory
  UniqueFd directory_;
  MadeFile made_;
  struct stat in_the_way_;
  bool replaces_ = false;  // whether what is in the way is replaced
  bool dead_ = false;      // whether that is known to be dead, and has a second name
  Text temporary_;         // empty unless the socket is bound to one
  // Whether it stays as a second name. A listener needs none: nobody answers it.
  bool kept_ = kSecondNames && request_.listen_backlog < 0;
  bool by_descriptor_ = false;
};

// Returns 0 if the name is free now, or what has it may be replaced.
int Binding::MakeWay() {
  replaces_ = false;
  const int error = StatAt(directory_.get(), name_, &in_the_way_);
  if (error == -ENOENT) return 0;
  if (error != 0) return error;
  if (!S_ISSOCK(in_the_way_.st_mode) || request_.replace == Replace::kNever) return -EADDRINUSE;
  if (request_.replace == Replace::kAlways) {
    replaces_ = true;
    dead_ = in_the_way_.st_nlink > 1 && Probe(path_) == 0;
    return 0;
  }
  const int alive = Probe(path_);
  if (alive == -ENOENT) return 0;
  if (alive != 0) return alive < 0 ? alive : -EADDRINUSE;
  if (const int error = UnlinkIfSame(directory_.get(), name_, in_the_way_)) return error;
  UnlinkLeftOvers(directory_.get(), Sibling(path_, ""), &in_the_way_);
  return 0;
}

int Binding::MakeTemporary() {
  Text name;
  const Temporary kind = kept_ ? Temporary::kKept : Temporary::kMoved;
  const int error =
      BindTemporary(fd_, kind, directory_.get(), Sibling(path_, ""), &name, &by_descriptor_);
  if (error != 0) return error;
  temporary_ = name;
  return Finish(name);
}

int Binding::Publish() {
  if (!replaces_) {
    return kept_ ? Link(directory_.get(), temporary_, name_, &kept_)
                 : Move(directory_.get(), temporary_, name_);
  }
  const int error = MoveOver(directory_.get(), temporary_, name_, &kept_);
  if (error == 0) {
    UnlinkLeftOvers(directory_.get(), Sibling(path_, ""), dead_ ? &in_the_way_ : nullptr);
  }
  return error;
}

// What is left to do once `name` is bound: know the file again, its owner and mode, listen.
int Binding::Finish(const Text& name) {
  struct stat status;
  const int error = StatAt(directory_.get(), name, &status);
  // Someone has put another file there, or another directory in the way.
  if (error == -ENOENT || (error == 0 && !S_ISSOCK(status.st_mode))) return -EADDRINUSE;
  if (error != 0) return error;
  made_.name = name;
  made_.status = status;
  if (const int error = SetRights(made_, rights_)) return error;
  return request_.listen_backlog < 0 ? 0 : Listen(fd_, request_.listen_backlog);
}

bool Binding::Fits() const { return path_.size() <= Address::kMaxPath; }

int Binding::Run() {
  // Nothing that can be seen beforehand costs a bind: a socket can be bound once.
  int error = MakeWay();
  // The loop ends early but for processes that take and leave the name without the lock.
  for (int attempt = 0; error == 0 && attempt < 16; ++attempt) {
    if (temporary_.empty() && (replaces_ || !Fits())) {
      if (const int failed = MakeTemporary()) return failed;
    }
    error = temporary_.empty() ? Bind(fd_, path_) : Publish();
    if (error == 0) return temporary_.empty() ? Finish(name_) : 0;
    if (error == -EADDRINUSE) error = MakeWay();
  }
  return error == 0 ? -EADDRINUSE : error;
}

BoundPath Binding::Result() {
  made_.Keep();
  BoundPath result;
  result.path_ = path_;
  result.unlink_ = true;
  result.device_ = made_.status.st_dev;
  result.inode_ = made_.status.st_ino;
  if (!temporary_.empty() && kept_) {
    result.second_ = by_descriptor_ ? temporary_ : Sibling(path_, temporary_);
    if (by_descriptor_) result.directory_ = std::move(directory_);
  }
  return result;
}

void BoundPath::Unlink() {
  struct stat made;
  made.st_dev = device_;
  made.st_ino = inode_;
  if (unlink_) UnlinkIfSame(AT_FDCWD, path_, made);
  if (!second_.empty()) UnlinkIfSame(directory_ ? directory_.get() : AT_FDCWD, second_, made);
  *this = BoundPath();
}

void BoundPath::Forget() {
  unlink_ = false;
  // This one leads nowhere once the directory is closed.
  if (!directory_) second_.clear();
  Unlink();
}

int FindPath(int fd, std::string_view path, BoundPath* out) {
  *out = BoundPath();
  const Text name(path);
  struct stat status;
  if (const int error = LStat(name, &status)) return error;
  if (!S_ISSOCK(status.st_mode)) return -ENOENT;
#ifdef __linux__
  // A descriptor of the file, or EPERM.
  const UniqueFd file(Retry([&] { return ::ioctl(fd, SIOCUNIXFILE); }));
  struct stat own;
  if (file && (Stat(file.get(), &own) != 0 || !IsSameFile(own, status))) return -ENOENT;
#else
  (void)fd;
#endif
  out->path_ = name;
  out->unlink_ = true;
  out->device_ = status.st_dev;
  out->inode_ = status.st_ino;
  return 0;
}

int BindPath(int fd, const BindRequest& request, BoundPath* out) {
  *out = BoundPath();
  if (const int error = CheckAddress(request.address)) return error;
  if (request.address.empty() || request.address[0] == '\0') {
    if (const int error = Bind(fd, request.address)) return error;
    return request.listen_backlog < 0 ? 0 : Listen(fd, request.listen_backlog);
  }

  Text path;
  if (const int error = MakeAbsolute(request.address, &path)) return error;
  if (request.allow_unsafe) {
    if (const int error = FollowLinks(&path)) return error;
  }
  UniqueFd directory;
  if (const int error = OpenDirectory(path, &directory)) return error;
  if (!request.allow_unsafe) {
    if (const int error = CheckSafety(directory, path)) return error;
  }
  UniqueFd lock;
  if (request.replace == Replace::kStale) {
    if (const int error = LockDirectory(directory, &lock)) return error;
  }
  FileRights rights = request.rights;
  if (const int error = PrepareRights(fd, &rights)) return error;
  Binding binding(fd, request, rights, std::move(path), std::move(directory));
  if (const int error = binding.Run()) return error;
  *out = binding.Result();
  return 0;
}

}  // namespace afunix::sys
