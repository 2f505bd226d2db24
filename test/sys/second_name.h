// For the tests of second names: binding, and what a name leads to.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <regex.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <string>

#include "fixtures.h"

namespace second_name {

using namespace fixtures;
using std::string;

inline int Bind(int fd, const string& path, BoundPath* out, Replace replace = Replace::kNever,
                int backlog = -1) {
  BindRequest request;
  request.address = path;
  request.replace = replace;
  request.listen_backlog = backlog;
  return BindPath(fd, request, out);
}

// What the kernel tells.
inline string NameOf(int fd) {
  Address name;
  CHECK_EQ(GetSocketName(fd, &name), 0);
  return string(name.bytes());
}

// The whole of it, regex(7).
inline bool Matches(const string& name, const string& pattern) {
  regex_t regex;
  if (regcomp(&regex, ("^" + pattern + "$").c_str(), REG_EXTENDED | REG_NOSUB) != 0) abort();
  const bool matches = regexec(&regex, name.c_str(), 0, nullptr, 0) == 0;
  regfree(&regex);
  return matches;
}

inline int Send(std::string_view to) {
  const UniqueFd fd = Make(SOCK_DGRAM);
  if (const int error = Connect(fd.get(), to)) return error;
  return send(fd.get(), "x", 1, 0) == 1 ? 0 : -errno;
}

// Also where the descriptor in it is another one by now.
inline bool LeadsNowhere(const string& name) {
  const int error = Send(name);
  return error == -ENOENT || error == -ENOTDIR;
}

inline size_t Received(int fd) {
  char byte;
  size_t count = 0;
  while (recv(fd, &byte, 1, MSG_DONTWAIT) == 1) count++;
  return count;
}

inline int LowestFreeDescriptor() {
  const int fd = dup(0);
  close(fd);
  return fd;
}

// From here on this process's `call` fails.
inline void FailCall(int call, int error) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(call), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {4, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) abort();
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) abort();
}

inline const char* const kByDescriptor = "/proc/[0-9]+/fd/[0-9]+/\\.afunix-[0-9a-f]{16}";

}  // namespace second_name
