// Messages between JavaScript and the system-call layer: NativeOutgoing and NativeReceived of
// lib/native/addon.ts.
#pragma once

#include <node_api.h>
#include <sys/uio.h>

#include "sys/address.h"
#include "sys/ancillary.h"
#include "sys/array.h"
#include "sys/unique_fd.h"

namespace afunix {

// The Uint8Arrays of a message, or several: first all are named, which may run JavaScript (a getter
// in an array), then their memory is looked up, which does not.
class BufferList {
 public:
  // Appends a Uint8Array, or an array of them. Returns 0, or -EINVAL for anything else.
  int Append(napi_env env, napi_value buffers);
  // Their memory, good until JavaScript runs again. Returns 0 or -EINVAL.
  int LookUp(napi_env env, sys::Array<iovec>* out) const;

 private:
  sys::Array<napi_value> buffers_;
};

// All three: undefined is none. Return 0 or -errno.
// `present` says whether there was an address; `way` must outlive the send (see address.h).
int ReadAddress(napi_env env, napi_value bytes, sys::Address* out, sys::AddressWay* way,
                bool* present);
// A descriptor, or an array of them.
int ReadRights(napi_env env, napi_value rights, sys::ControlBuilder* out);
int ReadCredentials(napi_env env, napi_value object, sys::ControlBuilder* out);

// Returns { pid, uid, gid }, or nullptr with an exception pending.
napi_value MakeCredentials(napi_env env, const sys::Credentials& credentials);

// Sets `rights`, `credentials`, `pidfd`, `security` and `inq` on `object`. The descriptors stay
// `ancillary`'s: release them once the object is sure to reach its owner. False: an exception is
// pending.
bool SetAncillary(napi_env env, napi_value object, const sys::Ancillary& ancillary);

}  // namespace afunix
