// Descriptors of processes (Linux).
#pragma once

#include <cstddef>

#include "unique_fd.h"

namespace afunix::sys {

// The first published size of struct pidfd_info, which every kernel that knows it takes.
constexpr size_t kPidFdInfoSize = 64;

// All return 0 or -errno; -ENOSYS where the kernel has no such call (macOS).

// pidfd_open(2), Linux 5.3. Close-on-exec.
int OpenPidFd(int pid, UniqueFd* out);
// pidfd_send_signal(2), Linux 5.1.
int SignalPidFd(int pidfd, int signal);
// pidfd_getfd(2), Linux 5.6: a duplicate of the process's descriptor `fd`. Close-on-exec.
int GetPidFdDescriptor(int pidfd, int fd, UniqueFd* out);
// PIDFD_GET_INFO, Linux 6.13: fills `info`, a struct pidfd_info, whose mask asks for fields and
// then says which are there. -ENOTTY on older kernels.
int GetPidFdInfo(int pidfd, unsigned char (*info)[kPidFdInfoSize]);

}  // namespace afunix::sys
