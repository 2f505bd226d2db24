// The growable array and the string that the addon has instead of the C++ library's.
#include "../../src/sys/text.h"

#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../../src/sys/array.h"
#include "check.h"

using namespace afunix::sys;

namespace {

struct Entry {
  int number = 7;
  void* pointer = nullptr;
};

template <typename T>
bool Same(const Array<T>& array, const std::vector<T>& expected) {
  return array.size() == expected.size() &&
         std::equal(array.begin(), array.end(), expected.begin());
}

}  // namespace

// The same changes to a vector.
TEST(ArrayIsAsAVector) {
  Array<uint64_t> array;
  std::vector<uint64_t> expected;
  CHECK(array.empty());
  uint64_t random = 88172645463325252;
  for (int step = 0; step < 20'000; step++) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    const size_t at = expected.empty() ? 0 : random % expected.size();
    const auto offset = static_cast<std::ptrdiff_t>(at);
    switch (random >> 32 & 7) {
      case 0:
      case 1:
        array.push_back(random);
        expected.push_back(random);
        break;
      case 2:
      case 3:
        array.insert(array.begin() + offset, random);
        expected.insert(expected.begin() + offset, random);
        break;
      case 4:
        if (expected.empty()) break;
        array.erase(array.begin() + offset);
        expected.erase(expected.begin() + offset);
        break;
      case 5:
        if (expected.empty()) break;
        CHECK_EQ(array.back(), expected.back());
        array.pop_back();
        expected.pop_back();
        break;
      case 6:
        array.resize(at);
        expected.resize(at);
        break;
      default:
        array.resize(expected.size() + 3);
        expected.resize(expected.size() + 3);
        break;
    }
    CHECK(Same(array, expected));
  }
  array.clear();
  CHECK(array.empty());
  array.push_back(1);
  CHECK(Same(array, {1}));
}

TEST(NewElementsAreAsTheirTypeSays) {
  Array<Entry> entries(3);
  CHECK_EQ(entries[2].number, 7);
  entries.resize(1);
  entries[0].number = 1;
  // Also where one was before.
  entries.resize(2);
  CHECK_EQ(entries[0].number, 1);
  CHECK_EQ(entries[1].number, 7);
}

TEST(ElementOfTheArrayIsAdded) {
  Array<int> array;
  for (int i = 0; i < 100; i++) {
    array.push_back(array.empty() ? 5 : array[0]);
    array.insert(array.end(), array.back());
  }
  CHECK(Same(array, std::vector<int>(200, 5)));
}

TEST(ArrayIsMoved) {
  Array<int> from(2);
  from[1] = 4;
  Array<int> to(std::move(from));
  CHECK(Same(to, {0, 4}));
  Array<int> other(1);
  other = std::move(to);
  CHECK(Same(other, {0, 4}));
  other = Array<int>();
  CHECK(other.empty());
}

TEST(TextIsTerminated) {
  Text none;
  CHECK(none.empty());
  CHECK_EQ(none.size(), size_t{0});
  CHECK_EQ(std::string(none.c_str()), std::string());
  CHECK(none.view() == std::string_view());
  CHECK_EQ(Text("").c_str()[0], '\0');
  CHECK(Text("").empty());

  Text text("/tmp");
  text += "/";
  text += std::string_view("names", 4);
  CHECK_EQ(std::string(text.c_str()), std::string("/tmp/name"));
  CHECK_EQ(text.size(), std::strlen(text.c_str()));
  CHECK_EQ(std::string((text + "/x" + "").c_str()), std::string("/tmp/name/x"));
  CHECK_EQ(std::string(text.c_str()), std::string("/tmp/name"));
  // A part of itself.
  text += text.view();
  CHECK_EQ(std::string(text.c_str()), std::string("/tmp/name/tmp/name"));
  // A name may hold any byte.
  CHECK_EQ(Text(std::string_view("a\0b", 3)).size(), size_t{3});
}

TEST(TextsAreCopies) {
  Text text("one");
  Text copy(text);
  copy += "s";
  CHECK_EQ(std::string(text.c_str()), std::string("one"));
  Text moved(std::move(copy));
  CHECK_EQ(std::string(moved.c_str()), std::string("ones"));
  const Text& same = moved;
  moved = same;
  CHECK_EQ(std::string(moved.c_str()), std::string("ones"));
  text = moved;
  moved.clear();
  CHECK(moved.empty());
  CHECK_EQ(std::string(text.c_str()), std::string("ones"));
  const Text taken = std::exchange(text, {});
  CHECK(text.empty());
  CHECK_EQ(std::string(taken.c_str()), std::string("ones"));
}
