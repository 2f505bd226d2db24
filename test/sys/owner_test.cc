// The owner of a socket's file. Most takes root.
#include <atomic>
#include <string>
#include <thread>

#ifdef __linux__
#include <linux/capability.h>
#include <sys/syscall.h>
#endif

#include "../../src/sys/account.h"
#include "check.h"
#include "fixtures.h"

using namespace fixtures;
using std::string;

TEST(NamesAreFound) {
  CHECK_EQ(FindUser("root"), 0);
  CHECK(FindGroup("root") == 0 || FindGroup("wheel") == 0);
  CHECK_EQ(FindUser("no such user"), -ENOENT);
  CHECK_EQ(FindGroup("no such group"), -ENOENT);
  CHECK_EQ(FindUser(""), -ENOENT);
}

#ifdef __linux__

namespace {

constexpr uid_t kNobody = 65534;
constexpr gid_t kGroup = 12345;

int Bind(int fd, const string& path, BoundPath* out, int mode = -1,
         Replace replace = Replace::kNever) {
  BindRequest request;
  request.address = path;
  request.rights.mode = mode;
  request.rights.owner = kNobody;
  request.rights.group = kGroup;
  request.replace = replace;
  return BindPath(fd, request, out);
}

}  // namespace

TEST(OwnerAndModeAreExact) {
  if (geteuid() != 0) return;
  const Umask umasked(027);
  for (const int mode : {-1, 0, 0640, 0666, 0777}) {
    for (const Replace replace : {Replace::kNever, Replace::kStale, Replace::kAlways}) {
      const TemporaryDirectory directory;
      const string path = directory / "s";
      if (replace != Replace::kNever) MakeDead(SOCK_DGRAM, path);
      const UniqueFd fd = Make(SOCK_DGRAM);
      BoundPath bound;
      CHECK_EQ(Bind(fd.get(), path, &bound, mode, replace), 0);
      struct stat status = {};
      lstat(path.c_str(), &status);
      CHECK_EQ(status.st_uid, kNobody);
      CHECK_EQ(status.st_gid, kGroup);
      CHECK_EQ(FileMode(path), mode < 0 ? 0750 : mode);
      bound.Unlink();
      CHECK(directory.Entries().empty());
    }
  }
}

TEST(NobodyConnectsBeforeTheFileHasItsOwner) {
  if (geteuid() != 0) return;
  const Umask umasked(0);
  const TemporaryDirectory directory;
  const string path = directory / "s";
  std::atomic<bool> done{false};
  std::atomic<int> early{0};
  std::atomic<int> wrong{0};
  std::thread watcher([&] {
    while (!done) {
      struct stat status;
      if (lstat(path.c_str(), &status) != 0 || status.st_uid == kNobody) continue;
      ++early;
      if ((status.st_mode & 0222) != 0) ++wrong;
    }
  });
  for (int i = 0; i < kRounds || (kMeets && early == 0); ++i) {
    const UniqueFd fd = Make(SOCK_DGRAM);
    BoundPath bound;
    CHECK_EQ(Bind(fd.get(), path, &bound), 0);
    bound.Unlink();
  }
  done = true;
  watcher.join();
  CHECK_EQ(wrong, 0);
}

// Without a right the bind fails, and nothing is left.
TEST(WithoutTheRightNothingIsLeft) {
  if (geteuid() != 0) return;
  for (const unsigned missing : {CAP_CHOWN, CAP_FOWNER}) {
    const TemporaryDirectory directory;
    chmod(directory.path().c_str(), 01777);
    CHECK_EQ(chown(directory.path().c_str(), kNobody, kGroup), 0);
    const int status = Fork([&] {
      __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
      __user_cap_data_struct data[2] = {};
      if (syscall(SYS_capget, &header, data) != 0) return 2;
      data[0].effective &= ~(1u << missing);
      if (syscall(SYS_capset, &header, data) != 0) return 3;
      const UniqueFd fd = Make(SOCK_STREAM);
      BoundPath bound;
      return Bind(fd.get(), directory / "s", &bound, 0660) == -EPERM && bound.empty() ? 0 : 1;
    });
    int ended = -1;
    waitpid(status, &ended, 0);
    CHECK_EQ(ended, 0);
    CHECK(directory.Entries().empty());
  }
}

#endif
