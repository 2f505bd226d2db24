// The file of a bound socket: its mode, its removal, and no trace after a failure.
#include <atomic>
#include <string>
#include <thread>

#include "check.h"
#include "fixtures.h"

using namespace fixtures;
using std::string;

namespace {

int Bind(int fd, const string& path, BoundPath* out, int mode = -1,
         Replace replace = Replace::kNever, int backlog = -1) {
  BindRequest request;
  request.address = path;
  request.rights.mode = mode;
  request.replace = replace;
  request.listen_backlog = backlog;
  return BindPath(fd, request, out);
}

// The mode asked for is the mode there, in each way of binding, and the umask is as it was.
void ModeIsExact(mode_t mask) {
  const Umask umasked(mask);
  for (const int mode : {0, 0600, 0640, 0660, 0666, 0700, 0777}) {
    for (const Replace replace : {Replace::kNever, Replace::kStale, Replace::kAlways}) {
      for (const size_t last : {1, 255}) {
        const TemporaryDirectory directory;
        const string path = directory / string(last, 's');
        if (replace != Replace::kNever && last < 100) {
          MakeDead(SOCK_STREAM, path);
          chmod(path.c_str(), 0777);  // one that may not be probed counts as alive
        }
        const UniqueFd fd = Make(SOCK_STREAM);
        BoundPath bound;
        CHECK_EQ(Bind(fd.get(), path, &bound, mode, replace), 0);
        CHECK_EQ(FileMode(path), mode);
        CHECK_EQ(umask(mask), mask);
      }
    }
  }
}

}  // namespace

TEST(ModeIsExactUnderUmask000) { ModeIsExact(0); }
TEST(ModeIsExactUnderUmask022) { ModeIsExact(022); }
TEST(ModeIsExactUnderUmask077) { ModeIsExact(077); }
TEST(ModeIsExactUnderUmask777) { ModeIsExact(0777); }

TEST(WithoutModeTheUmaskDecides) {
  const Umask umasked(027);
  const TemporaryDirectory directory;
  const UniqueFd fd = Make(SOCK_STREAM);
  BoundPath bound;
  CHECK_EQ(Bind(fd.get(), directory / "s", &bound), 0);
  CHECK_EQ(FileMode(directory / "s"), 0777 & ~027);
}

#ifdef __linux__
TEST(FileIsNeverMoreOpenThanAsked) {
  const Umask umasked(0);
  const TemporaryDirectory directory;
  const string path = directory / "s";
  std::atomic<bool> done{false};
  std::atomic<int> seen{0};
  std::atomic<int> wider{0};
  std::thread watcher([&] {
    while (!done) {
      const int mode = FileMode(path);
      if (mode < 0) continue;
      ++seen;
      if (mode & 077) ++wider;
    }
  });
  for (int i = 0; i < kRounds || (kMeets && seen == 0); ++i) {
    const UniqueFd fd = Make(SOCK_STREAM);
    BoundPath bound;
    CHECK_EQ(Bind(fd.get(), path, &bound, 0600), 0);
    bound.Unlink();
  }
  done = true;
  watcher.join();
  CHECK(seen > 0 || !kMeets);
  CHECK_EQ(wider, 0);
}
#endif

TEST(RestoringTheModeTouchesNoOtherFile) {
  // Whoever puts another file, or a symbolic link to one, in place of the new socket file must not
  // get it opened up. The swapper does so as fast as it can.
  const Umask umasked(0777);
  const TemporaryDirectory directory;
  const string path = directory / "s";
  const string target = directory / "target";
  UniqueFd(open(target.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0)).Reset();
  std::atomic<bool> done{false};
  std::thread swapper([&] {
    for (unsigned i = 0; !done; ++i) {
      const string other = directory / "other";
      if ((i % 2 ? symlink("target", other.c_str()) : link(target.c_str(), other.c_str())) != 0) {
        continue;
      }
      while (!Exists(path) && !done) {
      }
      rename(other.c_str(), path.c_str());
      unlink(path.c_str());
      unlink(other.c_str());  // rename of two names of one file does nothing
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    const UniqueFd fd = Make(SOCK_STREAM);
    BoundPath bound;
    Bind(fd.get(), path, &bound, 0666);
    bound.Unlink();
  }
  done = true;
  swapper.join();
  CHECK_EQ(FileMode(target), 0);
}

TEST(UnlinkRemovesTheFile) {
  const TemporaryDirectory directory;
  const UniqueFd fd = Make(SOCK_DGRAM);
  BoundPath bound;
  CHECK(bound.empty());
  CHECK_EQ(Bind(fd.get(), directory / "s", &bound), 0);
  CHECK(!bound.empty());
  bound.Unlink();
  CHECK(bound.empty());
  CHECK(directory.Entries().empty());
  bound.Unlink();  // again: nothing
}

TEST(UnlinkRemovesALongName) {
  const TemporaryDirectory directory;
  const string path = directory / string(255, 's');
  const UniqueFd fd = Make(SOCK_DGRAM);
  BoundPath bound;
  CHECK_EQ(Bind(fd.get(), path, &bound), 0);
  CHECK(Exists(path));
  bound.Unlink();
  CHECK(directory.Entries().empty());
}

TEST(ForgetLeavesTheFile) {
  const TemporaryDirectory directory;
  const UniqueFd fd = Make(SOCK_DGRAM);
  BoundPath bound;
  CHECK_EQ(Bind(fd.get(), directory / "s", &bound), 0);
  bound.Forget();
  bound.Unlink();
  CHECK(Exists(directory / "s"));
}

TEST(UnlinkLeavesASocketFileThatSomeoneElseMade) {
  const TemporaryDirectory directory;
  const UniqueFd fd = Make(SOCK_STREAM);
  BoundPath bound;
  CHECK_EQ(Bind(fd.get(), directory / "s", &bound), 0);
  unlink((directory / "s").c_str());
  const UniqueFd other = Bound(SOCK_STREAM, directory / "s");
  bound.Unlink();
  CHECK(Exists(directory / "s"));
}

TEST(UnlinkLeavesARegularFile) {
  const TemporaryDirectory directory;
  const UniqueFd fd = Make(SOCK_STREAM);
  BoundPath bound;
  CHECK_EQ(Bind(fd.get(), directory / "s", &bound), 0);
  unlink((directory / "s").c_str());
  UniqueFd(open((directory / "s").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)).Reset();
  bound.Unlink();
  CHECK(Exists(directory / "s"));
}

TEST(UnlinkFindsARelativePathnameAfterChdir) {
  const TemporaryDirectory directory;
  const UniqueFd fd = Make(SOCK_STREAM);
  BoundPath bound;
  {
    const WorkingDirectory inside(directory.path());
    CHECK_EQ(Bind(fd.get(), "s", &bound), 0);
    Address name;
    CHECK_EQ(GetSocketName(fd.get(), &name), 0);
    CHECK_EQ(name.bytes(), directory / "s");  // to a peer elsewhere "s" would be another file
    CHECK_EQ(bound.path().view(), directory / "s");
  }
  bound.Unlink();
  CHECK(directory.Entries().empty());
}

TEST(RelativePathnameInASubdirectory) {
  const TemporaryDirectory directory;
  mkdir((directory / "d").c_str(), 0700);
  const WorkingDirectory inside(directory.path());
  for (const Replace replace : {Replace::kNever, Replace::kStale, Replace::kAlways}) {
    MakeDead(SOCK_STREAM, "d/old");
    const UniqueFd fd = Make(SOCK_STREAM);
    BoundPath bound;
    const string path = replace == Replace::kNever ? "d/new" : "d/old";
    CHECK_EQ(Bind(fd.get(), path, &bound, 0600, replace, 4), 0);
    const UniqueFd client = Make(SOCK_STREAM);
    CHECK_EQ(Connect(client.get(), path), 0);
    bound.Unlink();
    CHECK(!Exists(path));
    unlink("d/old");
  }
}

TEST(NeverLeavesAnExistingFile) {
  const TemporaryDirectory directory;
  MakeDead(SOCK_STREAM, directory / "s");
  const UniqueFd fd = Make(SOCK_STREAM);
  BoundPath bound;
  CHECK_EQ(Bind(fd.get(), directory / "s", &bound), -EADDRINUSE);
  CHECK(bound.empty());
  CHECK(Exists(directory / "s"));
}

TEST(FailedListenLeavesNoFile) {
  for (const Replace replace : {Replace::kNever, Replace::kStale, Replace::kAlways}) {
    const TemporaryDirectory directory;
    const UniqueFd fd = Make(SOCK_DGRAM);  // cannot listen
    BoundPath bound;
    CHECK_EQ(Bind(fd.get(), directory / "s", &bound, 0600, replace, 4), -EOPNOTSUPP);
    CHECK(bound.empty());
    CHECK(directory.Entries().empty());
  }
}

TEST(FailedSwapLeavesTheOldFileOnly) {
  const TemporaryDirectory directory;
  const UniqueFd old = Listening(directory / "s");
  const UniqueFd fd = Make(SOCK_DGRAM);
  BoundPath bound;
  CHECK_EQ(Bind(fd.get(), directory / "s", &bound, 0600, Replace::kAlways, 4), -EOPNOTSUPP);
  CHECK(directory.Entries() == std::set<string>{"s"});
  const UniqueFd client = Make(SOCK_STREAM);
  CHECK_EQ(Connect(client.get(), directory / "s"), 0);
}

TEST(NulIsRefusedBeforeAnythingIsTouched) {
  const TemporaryDirectory directory;
  const WorkingDirectory inside(directory.path());
  const UniqueFd fd = Make(SOCK_STREAM);
  BoundPath bound;
  for (const Replace replace : {Replace::kNever, Replace::kStale, Replace::kAlways}) {
    CHECK_EQ(Bind(fd.get(), string("a\0b", 3), &bound, 0600, replace), -EINVAL);
    CHECK_EQ(Bind(fd.get(), string("missing/a\0b", 11), &bound, 0600, replace), -EINVAL);
  }
  CHECK(directory.Entries().empty());
}

TEST(AbsolutePathnameOverPathMaxIsRefusedBeforeBind) {
  // Relative it would fit, but could not be found again after chdir.
  const TemporaryDirectory directory;
  const string deep = directory.PathOf(3000, 50);
  mkdir(deep.c_str(), 0700);
  const WorkingDirectory inside(deep);
  const UniqueFd fd = Make(SOCK_STREAM);
  BoundPath bound;
  string relative;
  for (int i = 0; i < 600; ++i) relative += "./";
  CHECK_EQ(Bind(fd.get(), relative + "s", &bound), -ENAMETOOLONG);
  CHECK(!Exists("s"));
}

#ifdef __linux__

TEST(AbstractNameHasNoFileAndNoMode) {
  const UniqueFd fd = Make(SOCK_STREAM);
  struct stat before;
  struct stat after;
  CHECK_EQ(Stat(fd.get(), &before), 0);
  BoundPath bound;
  const string name = string(1, '\0') + "afunix-bound-" + std::to_string(getpid());
  CHECK_EQ(Bind(fd.get(), name, &bound, 0600, Replace::kAlways, 4), 0);
  CHECK(bound.empty());
  CHECK_EQ(Stat(fd.get(), &after), 0);
  CHECK_EQ(before.st_mode, after.st_mode);
  const UniqueFd client = Make(SOCK_STREAM);
  CHECK_EQ(Connect(client.get(), name), 0);
}

TEST(EmptyAddressAutobindsAndHasNoFile) {
  const UniqueFd fd = Make(SOCK_DGRAM);
  BoundPath bound;
  CHECK_EQ(Bind(fd.get(), "", &bound, 0600, Replace::kStale), 0);
  CHECK(bound.empty());
  Address name;
  CHECK_EQ(GetSocketName(fd.get(), &name), 0);
  CHECK_EQ(name.bytes().size(), 6u);
}

TEST(DatagramSocketKeepsItsNameWhereNothingWasInTheWay) {
  const TemporaryDirectory directory;
  const UniqueFd fd = Make(SOCK_DGRAM);
  BoundPath bound;
  CHECK_EQ(Bind(fd.get(), directory / "s", &bound, -1, Replace::kAlways), 0);
  Address name;
  CHECK_EQ(GetSocketName(fd.get(), &name), 0);
  CHECK_EQ(name.bytes(), directory / "s");
}

#endif

TEST(AFileThatAnotherSocketBoundIsFoundByItsPath) {
  const TemporaryDirectory directory;
  const string path = directory / "s";
  const UniqueFd fd = Make(SOCK_STREAM);
  BoundPath bound;
  CHECK_EQ(FindPath(fd.get(), path, &bound), -ENOENT);  // nothing is there
  BoundPath own;
  CHECK_EQ(Bind(fd.get(), path, &own), 0);
  CHECK_EQ(FindPath(fd.get(), path, &bound), 0);
  bound.Unlink();
  CHECK(!Exists(path));

  close(open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  CHECK_EQ(FindPath(fd.get(), path, &bound), -ENOENT);  // no socket
  bound.Unlink();
  CHECK(Exists(path));
}
