// Second names when something goes wrong: of processes that died, without links, without
// descriptors.
#include "check.h"

#ifdef __linux__

#include "second_name.h"

using namespace second_name;

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
