// Binds a socket that cannot be bound at its pathname: bind(2) gets a random name in the same
// directory, and the socket file gets its real name afterwards. getsockname(2) and peers still see
// the random name. Nobody can guess it, so it leads to this socket or nowhere, even if the process
// number or the descriptor in it has come to mean another one.
#pragma once

#include <sys/stat.h>

#include "text.h"
#include "unique_fd.h"

namespace afunix::sys {

enum class Temporary {
  kMoved,  // .afunix-tmp-RANDOM, about to be renamed away: lib/core/address.ts knows the form
  kKept,   // .afunix-RANDOM, a second name as long as the socket is open
};

// Binds `fd` to a random name in `directory`, whose pathname is `prefix`: empty, or ending in '/'.
// Where that does not fit into sun_path, the address is /proc/PID/fd/N/name with N the directory,
// and *by_descriptor says so: it is good as long as `directory` stays open. PID rather than `self`,
// which would be the receiver's. macOS has no /proc: there it is bound through a symbolic link (see
// link_way.h), and the address leads nowhere afterwards. Returns 0 with the file's *name, or
// -errno: -ENOSYS where /proc would be needed and is not there.
int BindTemporary(int fd, Temporary kind, int directory, const Text& prefix, Text* name,
                  bool* by_descriptor);

// These three return 0 or -errno, -EADDRINUSE where `name` is taken. After a failure the file has
// its old name.
//
// Renames `temporary` to `name`.
int Move(int directory, const Text& temporary, const Text& name);
// Gives `temporary` a second name, link(2). Where the file system has no such thing it is renamed,
// and *kept is false.
int Link(int directory, const Text& temporary, const Text& name, bool* kept);
// As Move() or, if *kept, Link(), over the file that has the name.
int MoveOver(int directory, const Text& temporary, const Text& name, bool* kept);

// Removes `name` if it is this file. Returns 0 also when it is gone, or another one by now.
int UnlinkIfSame(int directory, const Text& name, const struct stat& expected);
// Removes the second names that processes which were killed left in `directory`, whose path with
// its slash is `prefix`: those of the file `dead`, which has just lost its first name (nullptr:
// none), and those of this user at which nobody answers. One that was made a moment ago stays:
// between the file and its binding lies an instant.
void UnlinkLeftOvers(int directory, const Text& prefix, const struct stat* dead);

}  // namespace afunix::sys
