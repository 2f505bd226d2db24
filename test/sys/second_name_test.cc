// The names that the kernel tells of a socket whose own does not do: random, a second name of a
// socket that can be answered, and gone with it.
#include "check.h"

#ifdef __linux__

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

using namespace fixtures;
using std::string;

namespace {

int Bind(int fd, const string& path, BoundPath* out, Replace replace = Replace::kNever,
         int backlog = -1) {
  BindRequest request;
  request.address = path;
  request.replace = replace;
  request.listen_backlog = backlog;
  return BindPath(fd, request, out);
}

// What the kernel tells.
string NameOf(int fd) {
  Address name;
  CHECK_EQ(GetSocketName(fd, &name), 0);
  return string(name.bytes());
}

// The whole of it, regex(7).
bool Matches(const string& name, const string& pattern) {
  regex_t regex;
  if (regcomp(&regex, ("^" + pattern + "$").c_str(), REG_EXTENDED | REG_NOSUB) != 0) abort();
  const bool matches = regexec(&regex, name.c_str(), 0, nullptr, 0) == 0;
  regfree(&regex);
  return matches;
}

int Send(std::string_view to) {
  const UniqueFd fd = Make(SOCK_DGRAM);
  if (const int error = Connect(fd.get(), to)) return error;
  return send(fd.get(), "x", 1, 0) == 1 ? 0 : -errno;
}

// Also where the descriptor in it is another one by now.
bool LeadsNowhere(const string& name) {
  const int error = Send(name);
  return error == -ENOENT || error == -ENOTDIR;
}

size_t Received(int fd) {
  char byte;
  size_t count = 0;
  while (recv(fd, &byte, 1, MSG_DONTWAIT) == 1) count++;
  return count;
}

int LowestFreeDescriptor() {
  const int fd = dup(0);
  close(fd);
  return fd;
}

// From here on this process's `call` fails.
void FailCall(int call, int error) {
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

const char* const kByDescriptor = "/proc/[0-9]+/fd/[0-9]+/\\.afunix-[0-9a-f]{16}";

}  // namespace

TEST(PathnameThatFitsHasNoSecondName) {
  const TemporaryDirectory directory;
  for (const size_t length : {107, 108}) {
    const string path = directory.PathOf(length, 40);
    const UniqueFd fd = Make(SOCK_DGRAM);
    BoundPath bound;
    CHECK_EQ(Bind(fd.get(), path, &bound), 0);
    CHECK_EQ(NameOf(fd.get()), path);
    CHECK_EQ(bound.path(), path);
    bound.Unlink();
    CHECK(!Exists(path));
  }
}

// The directory is short enough for its own name: whoever may go there can answer.
TEST(LongNameInAShortDirectoryHasASecondNameThere) {
  const TemporaryDirectory directory;
  for (const size_t last : {109 - directory.path().size() - 1, size_t{255}}) {
    const string path = directory / string(last, 's');
    const UniqueFd fd = Make(SOCK_DGRAM);
    const int free = LowestFreeDescriptor();
    BoundPath bound;
    CHECK_EQ(Bind(fd.get(), path, &bound), 0);
    CHECK_EQ(LowestFreeDescriptor(), free);
    CHECK(Matches(NameOf(fd.get()), directory.path() + "/\\.afunix-[0-9a-f]{16}"));
    CHECK_EQ(directory.Entries().size(), 2u);
    CHECK_EQ(Send(NameOf(fd.get())), 0);
    CHECK_EQ(Send(path), 0);
    CHECK_EQ(Received(fd.get()), 2u);
    bound.Unlink();
    CHECK(directory.Entries().empty());
  }
}

TEST(LongDirectoryIsReachedThroughItsDescriptorByEachProcess) {
  for (const size_t length : {109, 300, PATH_MAX - 1}) {
    for (const Replace replace : {Replace::kNever, Replace::kStale, Replace::kAlways}) {
      const TemporaryDirectory directory;
      const string path = directory.PathOf(length, length == 4095 ? 255 : 10);
      const UniqueFd fd = Make(SOCK_DGRAM);
      const int free = LowestFreeDescriptor();
      BoundPath bound;
      CHECK_EQ(Bind(fd.get(), path, &bound, replace), 0);
      CHECK_EQ(bound.path(), path);
      const string name = NameOf(fd.get());
      CHECK(Matches(name, kByDescriptor));
      const pid_t other = Fork([&] {
        // Its own descriptor of this number is another directory.
        for (int i = 3; i < 64; ++i) close(i);
        for (int i = 0; i < 64; ++i) open(directory.path().c_str(), O_PATH | O_DIRECTORY);
        return -Send(name);
      });
      CHECK_EQ(Wait(other), 0);
      CHECK_EQ(Send(path), 0);
      CHECK_EQ(Received(fd.get()), 2u);
      bound.Unlink();
      CHECK(LeadsNowhere(name));
      CHECK_EQ(LowestFreeDescriptor(), free);
      const string parent = path.substr(0, path.rfind('/'));
      CHECK(std::filesystem::is_empty(parent));
    }
  }
}

TEST(NoTwoHaveTheSameName) {
  const TemporaryDirectory directory;
  const string parent = directory.PathOf(250, 1);
  std::set<string> names;
  for (int i = 0; i < 50; ++i) {
    const UniqueFd fd = Make(SOCK_DGRAM);
    BoundPath bound;
    CHECK_EQ(Bind(fd.get(), parent + std::to_string(i), &bound), 0);
    const string name = NameOf(fd.get());
    names.insert(name.substr(name.rfind('/')));
    bound.Unlink();
  }
  CHECK_EQ(names.size(), 50u);
}

// A listener's is renamed away: nobody answers it by a datagram.
TEST(LongPathnameOfAListenerHasNoSecondName) {
  const TemporaryDirectory directory;
  for (const Replace replace : {Replace::kNever, Replace::kStale, Replace::kAlways}) {
    const string path = directory.PathOf(300, 20);
    const UniqueFd fd = Make(SOCK_STREAM);
    const int free = LowestFreeDescriptor();
    BoundPath bound;
    CHECK_EQ(Bind(fd.get(), path, &bound, replace, 4), 0);
    CHECK_EQ(LowestFreeDescriptor(), free);
    CHECK(Matches(NameOf(fd.get()), "/proc/[0-9]+/fd/[0-9]+/\\.afunix-tmp-[0-9a-f]{16}"));
    CHECK_EQ(bound.path(), path);
    const UniqueFd client = Make(SOCK_STREAM);
    CHECK_EQ(Connect(client.get(), path), 0);
    bound.Unlink();
    CHECK(std::filesystem::is_empty(path.substr(0, path.rfind('/'))));
  }
}

TEST(PlainBindOfALongPathnameLeavesOneFile) {
  const TemporaryDirectory directory;
  for (const string& path : {directory / string(255, 's'), directory.PathOf(300, 20)}) {
    const UniqueFd fd = Bound(SOCK_DGRAM, path);
    CHECK(Matches(NameOf(fd.get()), "/.*/\\.afunix-tmp-[0-9a-f]{16}"));
    CHECK(NameOf(fd.get()).find("self") == string::npos);
    CHECK(LeadsNowhere(NameOf(fd.get())));
    CHECK_EQ(Send(path), 0);
    CHECK_EQ(unlink(path.c_str()), 0);
    const string parent = path.substr(0, path.rfind('/'));
    for (const auto& entry : std::filesystem::directory_iterator(parent)) {
      CHECK(entry.is_directory());
    }
  }
}

TEST(AlwaysKeepsTheNameThatPeersAreTold) {
  const TemporaryDirectory directory;
  const UniqueFd old = Bound(SOCK_DGRAM, directory / "s");
  const UniqueFd fd = Make(SOCK_DGRAM);
  BoundPath bound;
  CHECK_EQ(Bind(fd.get(), directory / "s", &bound, Replace::kAlways), 0);
  CHECK(Matches(NameOf(fd.get()), directory.path() + "/\\.afunix-[0-9a-f]{16}"));
  CHECK_EQ(directory.Entries().size(), 2u);
  CHECK_EQ(Send(NameOf(fd.get())), 0);
  CHECK_EQ(Send(directory / "s"), 0);
  CHECK_EQ(Received(fd.get()), 2u);
  CHECK_EQ(Received(old.get()), 0u);
  bound.Unlink();
  CHECK(directory.Entries().empty());
}

TEST(AlwaysKeepsTheNameOfTheOneThatIsReplaced) {
  const TemporaryDirectory directory;
  for (const string& path : {directory / "s", directory.PathOf(300)}) {
    MakeDead(SOCK_DGRAM, path);
    const UniqueFd first = Make(SOCK_DGRAM);
    const UniqueFd second = Make(SOCK_DGRAM);
    BoundPath bound_first;
    BoundPath bound_second;
    CHECK_EQ(Bind(first.get(), path, &bound_first, Replace::kAlways), 0);
    CHECK_EQ(Bind(second.get(), path, &bound_second, Replace::kAlways), 0);
    CHECK_EQ(Send(NameOf(first.get())), 0);
    CHECK_EQ(Received(first.get()), 1u);
    bound_first.Unlink();
    CHECK_EQ(Send(path), 0);
    CHECK_EQ(Received(second.get()), 1u);
    bound_second.Unlink();
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
      CHECK(entry.is_directory());
    }
  }
}

TEST(LeftOverOfAProcessThatDiedGoesWithItsSocketFile) {
  for (const Replace replace : {Replace::kStale, Replace::kAlways}) {
    const TemporaryDirectory directory;
    const string path = directory / string(200, 's');
    for (int i = 0; i < 3; ++i) {
      const pid_t dies = Fork([&] {
        const UniqueFd fd = Make(SOCK_DGRAM);
        BoundPath bound;
        return Bind(fd.get(), path, &bound, replace) == 0 ? 0 : 1;  // and never unlinks
      });
      CHECK_EQ(Wait(dies), 0);
      CHECK_EQ(directory.Entries().size(), 2u);
    }
  }
}

// Each takes the path from the one before, which lives, and is killed later: no file links to its
// second name any more.
TEST(LeftOversOfProcessesThatTookThePathFromEachOther) {
  for (const Replace replace : {Replace::kStale, Replace::kAlways}) {
    const TemporaryDirectory directory;
    const string path = directory / string(200, 's');
    {
      UniqueFd killed[3];
      BoundPath never_unlinked[3];
      for (int i = 0; i < 3; ++i) {
        killed[i] = Make(SOCK_DGRAM);
        CHECK_EQ(Bind(killed[i].get(), path, &never_unlinked[i], Replace::kAlways), 0);
      }
      CHECK_EQ(directory.Entries().size(), 4u);
    }
    const UniqueFd lives = Make(SOCK_DGRAM);
    BoundPath other;
    CHECK_EQ(Bind(lives.get(), directory / string(200, 'o'), &other), 0);
    MakeDead(SOCK_DGRAM, directory / ".afunix-short");
    sleep(3);  // what was made just now is left alone
    const UniqueFd fd = Make(SOCK_DGRAM);
    BoundPath bound;
    CHECK_EQ(Bind(fd.get(), path, &bound, replace), 0);
    CHECK_EQ(directory.Entries().size(), 5u);  // two of each that lives
    CHECK_EQ(Send(NameOf(lives.get())), 0);
    bound.Unlink();
    other.Unlink();
    CHECK(directory.Entries() == std::set<string>{".afunix-short"});
  }
}

TEST(LeaveKeepsTheSocketFileAlone) {
  const TemporaryDirectory directory;
  const string path = directory / string(200, 's');
  const UniqueFd fd = Make(SOCK_DGRAM);
  BoundPath bound;
  CHECK_EQ(Bind(fd.get(), path, &bound), 0);
  bound.Leave();
  bound.Unlink();
  CHECK(directory.Entries() == std::set<string>{string(200, 's')});
}

TEST(ForgetKeepsTheNamesThatStayGood) {
  const TemporaryDirectory directory;
  {
    const UniqueFd fd = Make(SOCK_DGRAM);
    BoundPath bound;
    CHECK_EQ(Bind(fd.get(), directory / string(200, 's'), &bound), 0);
    bound.Forget();
    CHECK(bound.empty());
    CHECK_EQ(Send(NameOf(fd.get())), 0);
    CHECK_EQ(directory.Entries().size(), 2u);
  }
  const string path = directory.PathOf(300);
  const UniqueFd fd = Make(SOCK_DGRAM);
  const int free = LowestFreeDescriptor();
  BoundPath bound;
  CHECK_EQ(Bind(fd.get(), path, &bound), 0);
  bound.Forget();
  CHECK_EQ(LowestFreeDescriptor(), free);
  CHECK(LeadsNowhere(NameOf(fd.get())));
  CHECK_EQ(Send(path), 0);
  CHECK_EQ(unlink(path.c_str()), 0);
  CHECK(std::filesystem::is_empty(path.substr(0, path.rfind('/'))));
}

TEST(LongPathnameThatIsTakenCostsNoBind) {
  const TemporaryDirectory directory;
  const string path = directory.PathOf(300, 20);
  const UniqueFd first = Bound(SOCK_DGRAM, path);
  const UniqueFd fd = Make(SOCK_DGRAM);
  BoundPath bound;
  for (const Replace replace : {Replace::kNever, Replace::kStale}) {
    CHECK_EQ(Bind(fd.get(), path, &bound, replace), -EADDRINUSE);
    CHECK_EQ(Bind(fd.get(), path), -EADDRINUSE);
  }
  CHECK_EQ(Bind(fd.get(), path + "2", &bound), 0);
  CHECK_EQ(Send(path), 0);
  CHECK_EQ(Received(first.get()), 1u);
}

TEST(WithoutHardLinksTheFileIsMovedAndAnswersFail) {
  for (const Replace replace : {Replace::kNever, Replace::kStale, Replace::kAlways}) {
    const TemporaryDirectory directory;
    const string path = replace == Replace::kAlways ? directory / "s" : directory.PathOf(300, 20);
    if (replace != Replace::kNever) MakeDead(SOCK_DGRAM, path);
    const pid_t child = Fork([&] {
      FailCall(SYS_linkat, EPERM);
      const UniqueFd fd = Make(SOCK_DGRAM);
      BoundPath bound;
      if (Bind(fd.get(), path, &bound, replace) != 0) return 1;
      if (!LeadsNowhere(NameOf(fd.get()))) return 2;
      if (Send(path) != 0 || Received(fd.get()) != 1) return 3;
      bound.Unlink();
      return std::filesystem::is_empty(path.substr(0, path.rfind('/'))) ? 0 : 4;
    });
    CHECK_EQ(Wait(child), 0);
  }
}

TEST(WithoutRenameNoReplaceALinkTakesItsPlace) {
  const TemporaryDirectory directory;
  const string path = directory.PathOf(300, 20);
  const pid_t child = Fork([&] {
    FailCall(SYS_renameat2, EINVAL);
    const UniqueFd fd = Make(SOCK_STREAM);
    BoundPath bound;
    if (Bind(fd.get(), path, &bound, Replace::kNever, 4) != 0) return 1;
    const UniqueFd other = Make(SOCK_DGRAM);
    if (Bind(other.get(), path) != -EADDRINUSE) return 2;
    const UniqueFd client = Make(SOCK_STREAM);
    if (Connect(client.get(), path) != 0) return 3;
    bound.Unlink();
    return std::filesystem::is_empty(path.substr(0, path.rfind('/'))) ? 0 : 4;
  });
  CHECK_EQ(Wait(child), 0);
}

TEST(OutOfDescriptorsLeavesNothing) {
  if (UnderValgrind()) return;
  const TemporaryDirectory directory;
  const string path = directory.PathOf(300, 20);
  const pid_t child = Fork([&] {
    const UniqueFd fd = Make(SOCK_DGRAM);
    const auto free = static_cast<rlim_t>(LowestFreeDescriptor());
    const rlimit limit = {free, free};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
    BoundPath bound;
    if (Bind(fd.get(), path, &bound) != -EMFILE) return 2;
    return Bind(fd.get(), path) == -EMFILE ? 0 : 3;
  });
  CHECK_EQ(Wait(child), 0);
  CHECK(std::filesystem::is_empty(path.substr(0, path.rfind('/'))));
}

TEST(WithoutProcALongDirectoryIsENOSYS) {
  const TemporaryDirectory directory;
  const string path = directory.PathOf(300, 20);
  constexpr int kNotAllowed = 77;
  const pid_t child = Fork([&] {
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return kNotAllowed;
    if (mount("none", "/", "none", MS_REC | MS_PRIVATE, nullptr) != 0) return kNotAllowed;
    if (mount("none", "/proc", "tmpfs", 0, nullptr) != 0) return kNotAllowed;
    BoundPath bound;
    const UniqueFd fd = Make(SOCK_DGRAM);
    if (Bind(fd.get(), path, &bound) != -ENOSYS) return 1;
    if (Bind(fd.get(), path) != -ENOSYS) return 2;
    // The rest needs no /proc.
    if (Bind(fd.get(), directory / string(200, 's'), &bound) != 0) return 3;
    bound.Unlink();
    return std::filesystem::is_empty(path.substr(0, path.rfind('/'))) ? 0 : 4;
  });
  const int status = Wait(child);
  if (status == kNotAllowed) printf("  skipped: /proc cannot be hidden here\n");
  CHECK(status == 0 || status == kNotAllowed);
}

#endif  // __linux__
