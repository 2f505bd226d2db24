// The users and groups of this system, by name.
#pragma once

#include <cstdint>

namespace afunix::sys {

// Both return the number, -ENOENT where there is nobody of this name, or another -errno. They may
// wait for a server: nsswitch.conf(5).
int64_t FindUser(const char* name);
int64_t FindGroup(const char* name);

}  // namespace afunix::sys
