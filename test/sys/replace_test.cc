// Taking a pathname over: only from the dead (kStale), or from anyone without a gap (kAlways).
#include <sys/file.h>

#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "fixtures.h"

using namespace fixtures;
using std::string;

namespace {

int Take(int fd, const string& path, Replace replace, BoundPath* out, int backlog = -1) {
  BindRequest request;
  request.address = path;
  request.replace = replace;
  request.listen_backlog = backlog;
  return BindPath(fd, request, out);
}

// kStale from a new stream socket, which is closed again.
int TakeStale(const string& path) {
  const UniqueFd fd = Make(SOCK_STREAM);
  BoundPath bound;
  return Take(fd.get(), path, Replace::kStale, &bound, 4);
}

ino_t Inode(const string& path) {
  struct stat status;
  return lstat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

// Processes that all take `path` at once; returns how many won. The others must say EADDRINUSE.
int Race(const string& path, int processes) {
  int start[2];
  int results[2];
  int finish[2];
  if (pipe(start) != 0 || pipe(results) != 0 || pipe(finish) != 0) abort();
  std::vector<pid_t> children;
  for (int i = 0; i < processes; ++i) {
    children.push_back(Fork([&] {
      close(start[1]);
      close(finish[1]);
      char byte;
      if (read(start[0], &byte, 1) != 0) return 1;
      const UniqueFd fd = Make(SOCK_STREAM);
      BoundPath bound;
      int error;
      while ((error = Take(fd.get(), path, Replace::kStale, &bound, 4)) == kLocked) usleep(200);
      const char letter = error == 0 ? 'w' : error == -EADDRINUSE ? 'l' : '?';
      if (write(results[1], &letter, 1) != 1) return 1;
      return read(finish[0], &byte, 1) == 0 ? 0 : 1;  // the winner stays alive until all are done
    }));
  }
  close(start[1]);
  int winners = 0;
  for (int i = 0; i < processes; ++i) {
    char letter = 0;
    CHECK_EQ(read(results[0], &letter, 1), 1);
    CHECK(letter == 'w' || letter == 'l');
    if (letter == 'w') ++winners;
  }
  const UniqueFd client = Make(SOCK_STREAM);
  CHECK_EQ(Connect(client.get(), path), 0);  // the winner was not unlinked by a loser
  close(finish[1]);
  for (const pid_t child : children) CHECK_EQ(Wait(child), 0);
  for (const int fd : {start[0], results[0], results[1], finish[0]}) close(fd);
  return winners;
}

}  // namespace

TEST(StaleTakesFromADeadListener) {
  const TemporaryDirectory directory;
  const string path = directory / "s";
  Listening(path).Reset();
  const UniqueFd fd = Make(SOCK_STREAM);
  BoundPath bound;
  CHECK_EQ(Take(fd.get(), path, Replace::kStale, &bound, 4), 0);
  const UniqueFd client = Make(SOCK_STREAM);
  CHECK_EQ(Connect(client.get(), path), 0);
  CHECK(directory.Entries() == std::set<string>{"s"});
}

TEST(StaleTakesFromADeadDatagramSocket) {
  const TemporaryDirectory directory;
  MakeDead(SOCK_DGRAM, directory / "s");
  CHECK_EQ(TakeStale(directory / "s"), 0);
}

TEST(StaleTakesAFreePathname) {
  const TemporaryDirectory directory;
  CHECK_EQ(TakeStale(directory / "s"), 0);
}

TEST(StaleLeavesALiveListenerAlone) {
  const TemporaryDirectory directory;
  const UniqueFd listener = Listening(directory / "s");
  const ino_t before = Inode(directory / "s");
  CHECK_EQ(TakeStale(directory / "s"), -EADDRINUSE);
  CHECK_EQ(Inode(directory / "s"), before);
  UniqueFd accepted;
  CHECK_EQ(Accept(listener.get(), kDefault, &accepted, nullptr), -EAGAIN);  // it saw no connection
}

TEST(StaleLeavesAFullBacklogAlone) {
  const TemporaryDirectory directory;
  const UniqueFd listener = Listening(directory / "s", 0);
  const UniqueFd first = Make(SOCK_STREAM);
  CHECK_EQ(Connect(first.get(), directory / "s"), 0);
  CHECK_EQ(TakeStale(directory / "s"), -EADDRINUSE);
}

TEST(StaleLeavesABoundSocketThatDoesNotListenYetAlone) {
  const TemporaryDirectory directory;
  const UniqueFd socket = Bound(SOCK_STREAM, directory / "s");
  CHECK_EQ(TakeStale(directory / "s"), -EADDRINUSE);
}

TEST(StaleLeavesALiveSeqpacketListenerAlone) {
  const TemporaryDirectory directory;
  const UniqueFd socket = Bound(SOCK_SEQPACKET, directory / "s");
  CHECK_EQ(Listen(socket.get(), 1), 0);
  CHECK_EQ(TakeStale(directory / "s"), -EADDRINUSE);
}

TEST(StaleLeavesALiveDatagramSocketAlone) {
  const TemporaryDirectory directory;
  const UniqueFd socket = Bound(SOCK_DGRAM, directory / "s");
  CHECK_EQ(TakeStale(directory / "s"), -EADDRINUSE);
}

TEST(StaleLeavesADatagramSocketConnectedElsewhereAlone) {
  const TemporaryDirectory directory;
  const UniqueFd peer = Bound(SOCK_DGRAM, directory / "peer");
  const UniqueFd socket = Bound(SOCK_DGRAM, directory / "s");
  CHECK_EQ(Connect(socket.get(), directory / "peer"), 0);
  CHECK_EQ(TakeStale(directory / "s"), -EADDRINUSE);
}

TEST(RegularFileIsInUse) {
  const TemporaryDirectory directory;
  const string path = directory / "s";
  const UniqueFd file(open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  CHECK_EQ(write(file.get(), "data", 4), 4);
  for (const Replace replace : {Replace::kStale, Replace::kAlways}) {
    const UniqueFd fd = Make(SOCK_STREAM);
    BoundPath bound;
    CHECK_EQ(Take(fd.get(), path, replace, &bound), -EADDRINUSE);
    struct stat status;
    CHECK_EQ(lstat(path.c_str(), &status), 0);
    CHECK_EQ(status.st_size, 4);
    CHECK(directory.Entries() == std::set<string>{"s"});
  }
}

TEST(DirectoryIsInUse) {
  const TemporaryDirectory directory;
  mkdir((directory / "s").c_str(), 0700);
  for (const Replace replace : {Replace::kStale, Replace::kAlways}) {
    const UniqueFd fd = Make(SOCK_STREAM);
    BoundPath bound;
    CHECK_EQ(Take(fd.get(), directory / "s", replace, &bound), -EADDRINUSE);
  }
}

TEST(SymbolicLinkIsRefused) {
  const TemporaryDirectory directory;
  MakeDead(SOCK_STREAM, directory / "dead");
  for (const char* target : {"dead", "nowhere"}) {
    unlink((directory / "s").c_str());
    CHECK_EQ(symlink(target, (directory / "s").c_str()), 0);
    for (const Replace replace : {Replace::kStale, Replace::kAlways}) {
      const UniqueFd fd = Make(SOCK_STREAM);
      BoundPath bound;
      CHECK_EQ(Take(fd.get(), directory / "s", replace, &bound), kSymbolicLink);
      CHECK(directory.Entries() == std::set<string>({"dead", "s"}));
    }
  }
}

TEST(StaleInAMissingDirectory) {
  const TemporaryDirectory directory;
  CHECK_EQ(TakeStale(directory / "missing/s"), -ENOENT);
}

TEST(StaleIsLockedWhileAnotherHoldsTheLock) {
  const TemporaryDirectory directory;
  MakeDead(SOCK_STREAM, directory / "s");
  for (const int kind : {LOCK_EX, LOCK_SH}) {
    const UniqueFd lock(open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    CHECK_EQ(flock(lock.get(), kind | LOCK_NB), 0);
    CHECK_EQ(TakeStale(directory / "s"), kLocked);
    CHECK(Exists(directory / "s"));
  }
  CHECK_EQ(TakeStale(directory / "s"), 0);
}

TEST(StaleReleasesTheLock) {
  const TemporaryDirectory directory;
  CHECK_EQ(TakeStale(directory / "s"), 0);
  const UniqueFd lock(open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  CHECK_EQ(flock(lock.get(), LOCK_EX | LOCK_NB), 0);
}

#ifdef __linux__
TEST(StaleTakesALongNameFromTheDead) {
  const TemporaryDirectory directory;
  const string path = directory / string(255, 's');
  MakeDead(SOCK_STREAM, path);
  const ino_t before = Inode(path);
  const UniqueFd keep(open(path.c_str(), O_PATH | O_CLOEXEC));  // its inode number stays taken
  CHECK_EQ(TakeStale(path), 0);
  CHECK(Inode(path) != before);
  CHECK_EQ(directory.Entries().size(), 1u);
}
#endif

TEST(OfSixteenThatStartAtOnceExactlyOneTakesAFreePathname) {
  for (int round = 0; round < 10; ++round) {
    const TemporaryDirectory directory;
    CHECK_EQ(Race(directory / "s", 16), 1);
  }
}

TEST(OfSixteenThatStartAtOnceExactlyOneTakesADeadSocket) {
  for (int round = 0; round < 20; ++round) {
    const TemporaryDirectory directory;
    MakeDead(SOCK_STREAM, directory / "s");
    CHECK_EQ(Race(directory / "s", 16), 1);
  }
}

TEST(AlwaysTakesFromALiveListener) {
  const TemporaryDirectory directory;
  const UniqueFd old = Listening(directory / "s");
  const UniqueFd fd = Make(SOCK_STREAM);
  BoundPath bound;
  CHECK_EQ(Take(fd.get(), directory / "s", Replace::kAlways, &bound, 4), 0);
  const UniqueFd client = Make(SOCK_STREAM);
  CHECK_EQ(Connect(client.get(), directory / "s"), 0);
  UniqueFd accepted;
  CHECK_EQ(Accept(old.get(), kDefault, &accepted, nullptr), -EAGAIN);
  CHECK_EQ(Accept(fd.get(), kDefault, &accepted, nullptr), 0);
  CHECK(directory.Entries() == std::set<string>{"s"});
  bound.Unlink();
  CHECK(directory.Entries().empty());
}

TEST(AlwaysTakesAFreePathname) {
  const TemporaryDirectory directory;
  const UniqueFd fd = Make(SOCK_STREAM);
  BoundPath bound;
  CHECK_EQ(Take(fd.get(), directory / "s", Replace::kAlways, &bound, 4), 0);
  CHECK(directory.Entries() == std::set<string>{"s"});
}

#ifdef __linux__
TEST(AlwaysTakesALongNameAndThePathnameOfPathMaxLessOne) {
  for (const bool deep : {false, true}) {
    const TemporaryDirectory directory;
    const string path = deep ? directory.PathOf(PATH_MAX - 1) : directory / string(255, 's');
    const UniqueFd old = Listening(path);
    const UniqueFd fd = Make(SOCK_STREAM);
    BoundPath bound;
    CHECK_EQ(Take(fd.get(), path, Replace::kAlways, &bound, 4), 0);
    const UniqueFd client = Make(SOCK_STREAM);
    CHECK_EQ(Connect(client.get(), path), 0);
    UniqueFd accepted;
    CHECK_EQ(Accept(fd.get(), kDefault, &accepted, nullptr), 0);
    CHECK_EQ(directory.Entries().size(), 1u);
    bound.Unlink();
    CHECK(!Exists(path));
  }
}
#endif

TEST(TheReplacedOneDoesNotUnlinkItsSuccessor) {
  const TemporaryDirectory directory;
  const UniqueFd first = Make(SOCK_STREAM);
  const UniqueFd second = Make(SOCK_STREAM);
  BoundPath bound_first;
  BoundPath bound_second;
  CHECK_EQ(Take(first.get(), directory / "s", Replace::kAlways, &bound_first, 4), 0);
  CHECK_EQ(Take(second.get(), directory / "s", Replace::kAlways, &bound_second, 4), 0);
  bound_first.Unlink();
  CHECK(Exists(directory / "s"));
  bound_second.Unlink();
  CHECK(!Exists(directory / "s"));
}

TEST(AlwaysHasNoMomentWithoutAListener) {
  const TemporaryDirectory directory;
  const string path = directory / "s";
  std::vector<UniqueFd> listeners;  // all stay open: this is about the name, not about closing
  listeners.push_back(Listening(path));
  int stop[2];
  CHECK_EQ(pipe(stop), 0);  // macOS has no pipe2
  CHECK_EQ(fcntl(stop[0], F_SETFL, O_NONBLOCK), 0);
  const pid_t client = Fork([&] {
    close(stop[1]);
    char byte;
    int connected = 0;
    while (read(stop[0], &byte, 1) != 0) {
      const UniqueFd fd = Make(SOCK_STREAM);
      const int error = Connect(fd.get(), path);
      if (error == 0) ++connected;
      if (error != 0 && error != -EAGAIN) return 1;  // ENOENT, ECONNREFUSED: a gap
    }
    return connected > 0 ? 0 : 2;
  });
  for (int i = 0; i < 300; ++i) {
    UniqueFd fd = Make(SOCK_STREAM);
    BoundPath bound;
    CHECK_EQ(Take(fd.get(), path, Replace::kAlways, &bound, 64), 0);
    listeners.push_back(std::move(fd));
    usleep(200);
  }
  close(stop[1]);
  CHECK_EQ(Wait(client), 0);
  close(stop[0]);
}
