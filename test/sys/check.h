// The test runner: TEST, CHECK, CHECK_EQ and main(). Include it once, in a program's only file.
//
// Every test must also leave as many descriptors open as it found.
#pragma once

#include <dirent.h>

#include <cstdio>
#include <iostream>
#include <string_view>
#include <vector>

namespace check {

struct Test {
  const char* name;
  void (*body)();
};

inline std::vector<Test>& Tests() {
  static std::vector<Test> tests;
  return tests;
}

inline bool Register(const char* name, void (*body)()) {
  Tests().push_back({name, body});
  return true;
}

inline int failures = 0;  // in the test that runs

inline bool Report(bool ok, const char* file, int line, const char* text) {
  if (ok) return true;
  ++failures;
  std::cerr << file << ":" << line << ": " << text << "\n";
  return false;
}

template <typename A, typename B>
bool ReportEqual(const A& a, const B& b, const char* file, int line, const char* text) {
  if (Report(a == b, file, line, text)) return true;
  std::cerr << "  is " << a << ", not " << b << "\n";
  return false;
}

inline int OpenDescriptors() {
#ifdef __linux__
  DIR* directory = opendir("/proc/self/fd");
#else
  DIR* directory = opendir("/dev/fd");
#endif
  int count = 0;
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

// With an argument: only the tests whose name holds it.
inline int RunAll(const char* program, std::string_view only) {
  int passed = 0;
  int failed = 0;
  for (const Test& test : Tests()) {
    if (std::string_view(test.name).find(only) == std::string_view::npos) continue;
    failures = 0;
    const int before = OpenDescriptors();
    test.body();
    ReportEqual(OpenDescriptors(), before, test.name, 0, "descriptors open after the test");
    if (failures == 0) {
      ++passed;
    } else {
      ++failed;
      std::cerr << "FAILED " << test.name << "\n";
    }
  }
  std::cout << program << ": " << passed << " passed, " << failed << " failed" << std::endl;
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace check

#define TEST(name)                                                                     \
  static void name();                                                                  \
  [[maybe_unused]] static const bool name##_registered = check::Register(#name, name); \
  static void name()

#define CHECK(condition) check::Report(static_cast<bool>(condition), __FILE__, __LINE__, #condition)
#define CHECK_EQ(a, b) check::ReportEqual((a), (b), __FILE__, __LINE__, #a " == " #b)
// Both in one: the test ends here when the condition does not hold.
#define REQUIRE(condition) \
  if (!CHECK(condition)) return

int main(int argc, char** argv) {
  const std::string_view program(argv[0]);
  return check::RunAll(argv[0] + program.rfind('/') + 1, argc > 1 ? argv[1] : "");
}
