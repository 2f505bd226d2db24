// Addresses of any bytes, to the kernel and from it.
#include <sys/socket.h>
#include <sys/un.h>

#include <climits>
#include <cstring>
#include <memory>
#include <string>

#include "../../../src/sys/address.h"
#include "../../../src/sys/calls.h"
#include "must.h"

using namespace afunix::sys;  // NOLINT: this is their fuzzer

namespace {

// What the caller gives: checked as documented, and what goes in comes out.
void FromCaller(const std::string& bytes) {
  const bool abstract = !bytes.empty() && bytes[0] == '\0';
  const bool cut = !abstract && bytes.find('\0') != std::string::npos;
  const bool fits = bytes.size() <= sizeof(sockaddr_un::sun_path);
  const bool possible = abstract ? fits : bytes.size() < PATH_MAX;
  const int expected = cut ? -EINVAL : possible ? 0 : -ENAMETOOLONG;
  MUST(CheckAddress(bytes) == expected);

  Address address;
  const int set = address.Set(bytes);
  MUST(set == (expected == 0 && !fits ? -ENAMETOOLONG : expected));
  MUST(address.length() <= sizeof(sockaddr_un));
  MUST(address.bytes() == (set == 0 ? std::string_view(bytes) : std::string_view()));

  // The kernel knows an abstract name by the same bytes. (A pathname would be made.)
  UniqueFd fd;
  if (!abstract || set != 0 || Socket(AF_UNIX, SOCK_DGRAM, 0, kDefault, &fd) != 0) return;
  if (Bind(fd.get(), bytes) != 0) return;  // another process has the name
  Address bound;
  MUST(GetSocketName(fd.get(), &bound) == 0);
  MUST(bound.bytes() == bytes);
}

// What the kernel gives: no byte is read beyond the room there is, whatever length it tells.
void FromKernel(const std::string& bytes, bool truthful) {
  const size_t room = truthful ? bytes.size() : size_t{Address::kCapacity};
  const std::unique_ptr<char[]> memory(new char[room]());
  memcpy(memory.get(), bytes.data(), std::min(room, bytes.size()));
  const auto length = static_cast<socklen_t>(bytes.size());
  const std::string_view view =
      AddressBytes(reinterpret_cast<const sockaddr*>(memory.get()), length);
  if (view.empty()) return;
  MUST(view.data() == memory.get() + offsetof(sockaddr_un, sun_path));
  MUST(view.data() + view.size() <= memory.get() + room);
  MUST(view[0] == '\0' || view.find('\0') == std::string_view::npos);

  // It can be sent back to where it came from.
  Address again;
  const int set = again.Set(view);
  MUST(set == 0 || view.size() > Address::kMaxPath);
  MUST(set != 0 || again.bytes() == view);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 4 < 2) {
    FromCaller(bytes);
  } else {
    FromKernel(bytes, data[0] % 4 == 2);
  }
  return 0;
}
