#include "account.h"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <cstdlib>

namespace afunix::sys {

namespace {

constexpr size_t kFirstRoom = 1024;
constexpr size_t kMostRoom = 1 << 20;  // a group with many members has a long line

// Calls `look` with room for the strings of an entry, more of it as long as that is too little. The
// strings are gone afterwards. Returns 0, -ENOENT, or another -errno.
template <typename Entry, typename Look>
int Find(Look look, Entry* entry) {
  for (size_t room = kFirstRoom; room <= kMostRoom; room *= 2) {
    auto* const strings = static_cast<char*>(std::malloc(room));
    if (strings == nullptr) return -ENOMEM;
    Entry* found = nullptr;
    int error;
    do {
      error = look(entry, strings, room, &found);
    } while (error == EINTR);
    std::free(strings);
    if (error == ERANGE) continue;
    if (found != nullptr) return 0;
    // "The given name was not found" has several numbers: getpwnam(3).
    const bool unknown =
        error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
    return unknown ? -ENOENT : -error;
  }
  return -ERANGE;
}

}  // namespace

int64_t FindUser(const char* name) {
  passwd user = {};
  const auto look = [&](auto... arguments) { return ::getpwnam_r(name, arguments...); };
  const int error = Find(look, &user);
  return error == 0 ? int64_t{user.pw_uid} : error;
}

int64_t FindGroup(const char* name) {
  group found = {};
  const auto look = [&](auto... arguments) { return ::getgrnam_r(name, arguments...); };
  const int error = Find(look, &found);
  return error == 0 ? int64_t{found.gr_gid} : error;
}

}  // namespace afunix::sys
