// Pathnames that do not fit into sun_path. Built twice: with /proc and, as macOS has it, without.
#include <glob.h>

#include <string>

#include "check.h"
#include "fixtures.h"

using namespace fixtures;
using std::string;

namespace {

const size_t kLengths[] = {Address::kMaxPath, Address::kMaxPath + 1, 300, PATH_MAX - 1};

int BindAt(int fd, const string& path, BoundPath* out, Replace replace = Replace::kNever,
           int backlog = -1, int mode = -1) {
  BindRequest request;
  request.address = path;
  request.replace = replace;
  request.listen_backlog = backlog;
  request.rights.mode = mode;
  return BindPath(fd, request, out);
}

// Sends a byte from a new socket to `path`, and takes it from `receiver`.
bool Arrives(int receiver, const string& path) {
  const UniqueFd sender = Make(SOCK_DGRAM);
  char byte;
  return Connect(sender.get(), path) == 0 && send(sender.get(), "x", 1, 0) == 1 &&
         recv(receiver, &byte, 1, MSG_DONTWAIT) == 1;
}

// How many ways through a symbolic link lead below `directory`.
int Links(const TemporaryDirectory& directory) {
  glob_t found;
  if (glob("/tmp/afunix-way-*/l", 0, nullptr, &found) != 0) return 0;
  int count = 0;
  for (size_t i = 0; i < found.gl_pathc; ++i) {
    char target[PATH_MAX];
    const ssize_t length = readlink(found.gl_pathv[i], target, sizeof(target));
    if (length < 0) continue;
    const std::string_view leads(target, static_cast<size_t>(length));
    if (leads.substr(0, directory.path().size()) == directory.path()) ++count;
  }
  globfree(&found);
  return count;
}

}  // namespace

TEST(BoundSentToAndRemoved) {
  for (const size_t length : kLengths) {
    const TemporaryDirectory directory;
    const string path = directory.PathOf(length, 20);
    CHECK_EQ(path.size(), length);
    const UniqueFd fd = Make(SOCK_DGRAM);
    BoundPath bound;
    CHECK_EQ(BindAt(fd.get(), path, &bound), 0);
    CHECK_EQ(bound.path().view(), path);
    CHECK(Arrives(fd.get(), path));
    bound.Unlink();
    CHECK(!Exists(path));
    CHECK_EQ(Links(directory), 0);
  }
}

TEST(ListenedAtWithModeAndReplaced) {
  const TemporaryDirectory directory;
  const string path = directory.PathOf(300, 20);
  const UniqueFd old = Make(SOCK_STREAM);
  BoundPath first;
  CHECK_EQ(BindAt(old.get(), path, &first, Replace::kNever, 1), 0);
  const UniqueFd fresh = Make(SOCK_STREAM);
  BoundPath second;
  CHECK_EQ(BindAt(fresh.get(), path, &second, Replace::kNever, 1), -EADDRINUSE);
  CHECK_EQ(BindAt(fresh.get(), path, &second, Replace::kStale, 1), -EADDRINUSE);
  CHECK_EQ(BindAt(fresh.get(), path, &second, Replace::kAlways, 1, 0600), 0);
  CHECK_EQ(FileMode(path), 0600);
  const UniqueFd client = Make(SOCK_STREAM);
  CHECK_EQ(Connect(client.get(), path), 0);
  UniqueFd server;
  CHECK_EQ(Accept(fresh.get(), kDefault, &server, nullptr), 0);
}

TEST(RelativeOnes) {
  const TemporaryDirectory directory;
  const WorkingDirectory here(directory.path());
  const string inner = string(100, 'd');
  CHECK_EQ(mkdir(inner.c_str(), 0700), 0);
  for (const string& path : {inner + "/" + string(100, 's'), string(200, 's')}) {
    const UniqueFd fd = Make(SOCK_DGRAM);
    CHECK_EQ(Bind(fd.get(), path), 0);
    CHECK(Arrives(fd.get(), path));
  }
}

TEST(NobodyThere) {
  const TemporaryDirectory directory;
  const UniqueFd fd = Make(SOCK_DGRAM);
  CHECK_EQ(Connect(fd.get(), directory.PathOf(300, 20)), -ENOENT);
  CHECK_EQ(Bind(fd.get(), directory / string(100, 'd') + "/s"), -ENOENT);
  CHECK_EQ(Links(directory), 0);
}
