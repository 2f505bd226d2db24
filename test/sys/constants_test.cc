// The tables of constants.
#include "../../src/sys/constants.h"

#include <cerrno>
#include <cstring>
#include <map>
#include <string>

#include "check.h"
#include "fixtures.h"

using namespace fixtures;
using std::string;

namespace {

std::map<string, long> Table(const Constant* table, size_t count) {
  std::map<string, long> names;
  for (size_t i = 0; i < count; ++i) {
    CHECK(names.emplace(table[i].name, table[i].value).second);  // each name once
  }
  return names;
}

bool Known(int number) {
  const string text = strerror(number);
  return text.find("nknown error") == string::npos && text != "No error information";  // musl's
}

}  // namespace

TEST(ConstantsByName) {
  const auto names = Table(kConstants, kConstantCount);
  CHECK_EQ(names.at("AF_UNIX"), AF_UNIX);
  CHECK_EQ(names.at("UNIX_PATH_MAX"), static_cast<long>(Address::kMaxPath));
#ifdef __linux__
  CHECK_EQ(names.at("SCM_MAX_FD"), 253);
  CHECK_EQ(names.at("MSG_CMSG_CLOEXEC"), 0x40000000);
  CHECK_EQ(names.at("SOCK_CLOEXEC"), SOCK_CLOEXEC);
#if defined(__x86_64__) || defined(__aarch64__)
  CHECK_EQ(names.at("SO_PASSPIDFD"), 76);
  CHECK_EQ(names.at("SO_PEERPIDFD"), 77);
  CHECK_EQ(names.at("SO_PASSRIGHTS"), 83);
  CHECK_EQ(names.at("SO_INQ"), 84);
  CHECK_EQ(names.at("SCM_INQ"), 84);
  CHECK_EQ(names.at("SO_RIGHTS_NOTRUNC"), 85);
  CHECK_EQ(names.at("SIOCINQ"), 0x541B);
  CHECK_EQ(names.at("SIOCOUTQ"), 0x5411);
#endif
#endif
}

TEST(EveryErrorNumberOfTheSystemHasAName) {
  std::map<long, string> first;
  for (size_t i = 0; i < kErrnoCount; ++i) first.emplace(kErrnos[i].value, kErrnos[i].name);
  for (int number = 1; number < 200; ++number) {
    CHECK(first.count(number) == 1 || !Known(number));  // musl has no text for many
  }
  // Of two names for one number, the usual one comes first.
  CHECK_EQ(first[EAGAIN], "EAGAIN");
  CHECK_EQ(first[EDEADLK], "EDEADLK");
  CHECK_EQ(first[EOPNOTSUPP], "EOPNOTSUPP");
  CHECK_EQ(Table(kErrnos, kErrnoCount).at("ETOOMANYREFS"), ETOOMANYREFS);
}
