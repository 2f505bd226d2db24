// Descriptors that JavaScript owns by number (FileDescriptor in lib/), and calls on descriptors.
#pragma once

#include <node_api.h>

#include "napi/function.h"
#include "sys/array.h"
#include "sys/unique_fd.h"

namespace afunix {

// The set belongs to one environment, which closes them at its end.
class OwnedDescriptors {
 public:
  OwnedDescriptors() = default;
  ~OwnedDescriptors() { CloseAll(); }
  OwnedDescriptors(const OwnedDescriptors&) = delete;
  OwnedDescriptors& operator=(const OwnedDescriptors&) = delete;

  // Takes it over. Returns its number.
  int Add(sys::UniqueFd fd);
  // Its owner is somebody else from here on.
  void Remove(int fd) { Take(fd); }
  void CloseAll();

  // The object `descriptors` of the addon.
  napi_value MakeExports(napi_env env);

 private:
  bool Own(const Arguments& arguments);
  napi_value Disown(const Arguments& arguments);
  int Close(const Arguments& arguments);
  int Duplicate(const Arguments& arguments);
  int SealedFile(const Arguments& arguments);
  int MemoryFile(const Arguments& arguments);
  int Seals(const Arguments& arguments);
  napi_value Map(const Arguments& arguments);
  bool Unmap(const Arguments& arguments);
  int CloseOnExec(const Arguments& arguments);
  int64_t Mode(const Arguments& arguments);
  int Flags(const Arguments& arguments);
  int SocketKind(const Arguments& arguments);
  napi_value PeerCredentials(const Arguments& arguments);
  int PeerPidFd(const Arguments& arguments);
  int OpenPidFd(const Arguments& arguments);
  int SignalPidFd(const Arguments& arguments);
  int GetPidFdDescriptor(const Arguments& arguments);
  int GetPidFdInfo(const Arguments& arguments);

  bool Has(int fd) const;
  // Removes it. Returns whether it was there.
  bool Take(int fd);

  sys::Array<bool> owned_;  // by number
};

}  // namespace afunix
