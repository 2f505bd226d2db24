// ParseControl on any bytes: it reads none beyond them, and each descriptor in them is handed over
// or closed, once. The first byte says how many of them the caller wants.
#include <memory>

#include "../../../src/sys/ancillary.h"
#include "ledger.h"

using namespace afunix::sys;  // NOLINT: this is their fuzzer

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t keep = data[0];
  data++;
  size--;
  // Memory of exactly this length: the sanitizer sees a byte beyond.
  const std::unique_ptr<uint8_t[]> control(new uint8_t[size]);
  if (size > 0) memcpy(control.get(), data, size);
  msghdr header = {};
  header.msg_control = control.get();
  header.msg_controllen = size;

  Ledger ledger;
  ledger.installed = Ledger::DescriptorsIn(data, size);
  {
    Ancillary ancillary;
    const bool any = ParseControl(&header, &ancillary);
    MUST(ancillary.rights_count <= kMaxRights);
    MUST(any || ancillary.empty());
    MUST(ancillary.FirstRefused() <= ancillary.rights_count);
    MUST((ancillary.CountDescriptors() == ancillary.rights_count) ==
         (ancillary.FirstRefused() == ancillary.rights_count));
    MUST(ancillary.security == nullptr ||
         (ancillary.security >= control.get() &&
          ancillary.security + ancillary.security_length <= control.get() + size));
    ancillary.CloseRightsFrom(keep);
    MUST(ancillary.rights_count <= keep);
    if (keep % 2 == 1) {
      ledger.Take(ancillary.rights, ancillary.rights_count);
      ancillary.ReleaseRights();
      if (ancillary.pidfd) ledger.taken.push_back(ancillary.pidfd.Release());
    } else if (keep % 4 == 2) {
      msghdr nothing = {};
      MUST(!ParseControl(&nothing, &ancillary));
      MUST(ancillary.empty());
    }
  }
  ledger.MustBalance();
  return 0;
}
