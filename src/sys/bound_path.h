// The file that a socket bound to a pathname makes: created with the right owner and mode, taken
// over safely, and removed only while it is still the one this socket made.
#pragma once

#include <sys/types.h>

#include <string_view>

#include "made_file.h"
#include "text.h"
#include "unique_fd.h"

namespace afunix::sys {

enum class Replace {
  kNever,   // an existing file is -EADDRINUSE
  kStale,   // a socket file where nobody answers is taken over
  kAlways,  // a socket file is swapped atomically, whoever answers there
};

struct BindRequest {
  std::string_view address;  // see address.h; rights and replace apply to pathnames only
  FileRights rights;
  Replace replace = Replace::kNever;
  int listen_backlog = -1;    // listen(2) before others see the name; -1: do not listen
  bool allow_unsafe = false;  // do not refuse as below; a symbolic link is followed
};

// Refusals, below any -errno. In a directory that all may write and that is not sticky, anybody can
// put another socket in place of this one; a symbolic link leads to where somebody else says.
constexpr int kUnsafeDirectory = -10001;
constexpr int kSymbolicLink = -10002;
// With kStale: another process holds the lock on the directory right now. Try again in a moment.
constexpr int kLocked = -10003;

class Binding;
class BoundPath;

// Finds the file of the socket `fd`, which somebody has bound to this absolute pathname. Where the
// system does not tell which file that is (SIOCUNIXFILE takes CAP_NET_ADMIN), it is the socket file
// that has the name now. Returns 0, or -errno with `out` empty: -ENOENT if that file is another
// one.
int FindPath(int fd, std::string_view path, BoundPath* out);

class BoundPath {
 public:
  BoundPath() = default;
  BoundPath(BoundPath&&) = default;
  BoundPath& operator=(BoundPath&&) = default;

  bool empty() const { return path_.empty(); }

  // The absolute pathname that was asked for, whatever name the kernel reports.
  const Text& path() const { return path_; }

  // Unlinks the files if their device and inode are still the ones recorded at bind. Call it before
  // the descriptor is closed: the other way around, the inode number could be in use again. Between
  // the check and the unlink another process could still swap the file: a small race remains.
  void Unlink();

  // Has Unlink() leave the file. It still removes a second name.
  void Leave() { unlink_ = false; }

  // Leaves the files, for a socket that is handed on. Removes a second name that needs a descriptor
  // of this process: answers to it fail from now on.
  void Forget();

 private:
  friend class Binding;
  friend int FindPath(int, std::string_view, BoundPath*);
  Text path_;           // the process may change its directory
  Text second_;         // the name that the kernel reports, if it is another one and is kept
  UniqueFd directory_;  // of `second_`, if that is relative to a descriptor
  dev_t device_ = 0;
  ino_t inode_ = 0;
  bool unlink_ = false;
};

// Binds `fd`, and listens if asked. Returns 0, -errno, or a refusal; `out` is empty for addresses
// without a file. The directory is opened once, checked, and what was made is looked for in that
// very one: a path that leads elsewhere in between is -EADDRINUSE.
//
// kStale: the lock (flock(2) on the directory) makes probe, unlink and bind one step among the
// processes that use it, so that of many that start at once exactly one wins. The probe is a
// datagram connect: after ECONNREFUSED the file is dead, a lack of memory says nothing, after
// anything else it is alive. A listening stream socket sees no connection from it.
// kAlways: where nothing is in the way, as kNever; else bound under a temporary name in the same
// directory, listening, then rename(2).
// Neither touches anything that is not a socket file: -EADDRINUSE.
//
// The address that the kernel gets, and reports to peers, is absolute. Where it cannot be the real
// one, for a path over sun_path and for kAlways, it is a random name in the same directory (see
// temporary_name.h). A socket that does not listen keeps it as a second name as long as it is open,
// so that an answer to it arrives. That of a listener is renamed away.
//
// After an error no file is left, but the socket may be bound: close it. -ENOSYS: see Bind().
int BindPath(int fd, const BindRequest& request, BoundPath* out);

}  // namespace afunix::sys
