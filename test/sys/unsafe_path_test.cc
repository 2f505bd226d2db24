// Where bind refuses to make a socket file, and what is allowed then.
#include <atomic>
#include <string>
#include <thread>

#include "check.h"
#include "fixtures.h"

using namespace fixtures;
using std::string;

namespace {

struct Attempt {
  UniqueFd fd = Make(SOCK_STREAM);
  BoundPath bound;
  int result;

  explicit Attempt(const string& path, bool allow = false, Replace replace = Replace::kNever) {
    BindRequest request;
    request.address = path;
    request.allow_unsafe = allow;
    request.replace = replace;
    result = BindPath(fd.get(), request, &bound);
  }
};

constexpr Replace kReplaces[] = {Replace::kNever, Replace::kStale, Replace::kAlways};

}  // namespace

TEST(DirectoryWritableByAllIsRefused) {
  const TemporaryDirectory directory;
  for (const mode_t mode : {0777, 0702, 0773}) {
    chmod(directory.path().c_str(), mode);
    for (const Replace replace : kReplaces) {
      CHECK_EQ(Attempt(directory / "s", false, replace).result, kUnsafeDirectory);
      CHECK_EQ(Attempt(directory / string(200, 's'), false, replace).result, kUnsafeDirectory);
    }
    CHECK(directory.Entries().empty());
  }
}

TEST(RelativePathIsRefusedToo) {
  const TemporaryDirectory directory;
  chmod(directory.path().c_str(), 0777);
  const WorkingDirectory inside(directory.path());
  CHECK_EQ(Attempt("s").result, kUnsafeDirectory);
  CHECK_EQ(Attempt("./s").result, kUnsafeDirectory);
}

TEST(StickyOrPrivateDirectoryIsTaken) {
  const TemporaryDirectory directory;
  for (const mode_t mode : {01777, 0775, 0700}) {
    chmod(directory.path().c_str(), mode);
    Attempt attempt(directory / "s");
    CHECK_EQ(attempt.result, 0);
    attempt.bound.Unlink();
  }
}

TEST(AllowedItBindsInAnyDirectory) {
  const TemporaryDirectory directory;
  chmod(directory.path().c_str(), 0777);
  for (const Replace replace : kReplaces) {
    Attempt attempt(directory / "s", true, replace);
    CHECK_EQ(attempt.result, 0);
    attempt.bound.Unlink();
    CHECK(directory.Entries().empty());
  }
}

TEST(AbstractNamesHaveNoDirectory) {
  const string name("\0afunix-unsafe-path-test", 23);
#ifdef __linux__
  CHECK_EQ(Attempt(name).result, 0);
#endif
}

TEST(AllowedASymbolicLinkIsFollowed) {
  const TemporaryDirectory directory;
  mkdir((directory / "there").c_str(), 0700);
  symlink("there/middle", (directory / "s").c_str());
  symlink((directory / "there/end").c_str(), (directory / "there/middle").c_str());
  for (const Replace replace : kReplaces) {
    CHECK_EQ(Attempt(directory / "s", false, replace).result, kSymbolicLink);
    CHECK(!Exists(directory / "there/end"));
    Attempt attempt(directory / "s", true, replace);
    CHECK_EQ(attempt.result, 0);
    CHECK(Exists(directory / "there/end"));
    CHECK_EQ(Attempt(directory / "s", true).result, -EADDRINUSE);
    attempt.bound.Unlink();
    CHECK(!Exists(directory / "there/end"));
    CHECK(Exists(directory / "s"));
  }
}

TEST(LinksThatGoRoundAreAnError) {
  const TemporaryDirectory directory;
  symlink("b", (directory / "a").c_str());
  symlink("a", (directory / "b").c_str());
  CHECK_EQ(Attempt(directory / "a").result, kSymbolicLink);
  CHECK_EQ(Attempt(directory / "a", true).result, -ELOOP);
}

TEST(DirectoryThatIsSwappedMeanwhileGetsNoService) {
  // `way` leads to a safe directory or to another, and changes as fast as it can: whoever is served
  // is served in the one that was checked.
  const TemporaryDirectory directory;
  for (const char* name : {"safe", "unsafe"}) mkdir((directory / name).c_str(), 0700);
  chmod((directory / "unsafe").c_str(), 0777);
  std::atomic<bool> done{false};
  std::thread swapper([&] {
    for (unsigned i = 0; !done; ++i) {
      symlink(i % 2 ? "safe" : "unsafe", (directory / "other").c_str());
      rename((directory / "other").c_str(), (directory / "way").c_str());
    }
  });
  while (!Exists(directory / "way")) {
  }
  int served = 0;
  for (int i = 0; i < 3000; ++i) {
    Attempt attempt(directory / "way/s");
    if (attempt.result == 0) {
      ++served;
      CHECK(Exists(directory / "safe/s"));
    } else {
      CHECK(attempt.result == kUnsafeDirectory || attempt.result == -EADDRINUSE);
    }
    unlink((directory / "safe/s").c_str());
    unlink((directory / "unsafe/s").c_str());
  }
  done = true;
  swapper.join();
  CHECK(served > 0);
}
