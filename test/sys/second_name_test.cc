// The names that the kernel tells of a socket whose own does not do: random, a second name of a
// socket that can be answered, and gone with it.
#include "check.h"

#ifdef __linux__

#include "second_name.h"

using namespace second_name;

TEST(PathnameThatFitsHasNoSecondName) {
  const TemporaryDirectory directory;
  for (const size_t length : {107, 108}) {
    const string path = directory.PathOf(length, 40);
    const UniqueFd fd = Make(SOCK_DGRAM);
    BoundPath bound;
    CHECK_EQ(Bind(fd.get(), path, &bound), 0);
    CHECK_EQ(NameOf(fd.get()), path);
    CHECK_EQ(bound.path().view(), path);
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
      CHECK_EQ(bound.path().view(), path);
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
    CHECK_EQ(bound.path().view(), path);
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

#endif  // __linux__
