// Messages between JavaScript and the system-call layer: NativeOutgoing and NativeReceived of
// lib/native.ts.
#pragma once

#include <napi.h>
#include <sys/uio.h>

#include <vector>

#include "sys/address.h"
#include "sys/ancillary.h"
#include "sys/unique_fd.h"

namespace afunix {

// Appends the memory of a Uint8Array, or of an array of them. Returns 0, or -EINVAL for anything
// else.
int ReadBuffers(napi_env env, napi_value buffers, std::vector<iovec>* out);

// All three: undefined is none. Return 0 or -errno.
// `present` says whether there was an address; `keep` must outlive the send (see address.h).
int ReadAddress(napi_env env, napi_value bytes, sys::Address* out, sys::UniqueFd* keep,
                bool* present);
// A descriptor, or an array of them.
int ReadRights(napi_env env, napi_value rights, sys::ControlBuilder* out);
int ReadCredentials(napi_env env, napi_value object, sys::ControlBuilder* out);

// { pid, uid, gid }
Napi::Value MakeCredentials(napi_env env, const sys::Credentials& credentials);

// Sets `rights`, `credentials`, `pidfd`, `security` and `inq` on `object`. The descriptors stay
// `ancillary`'s: release them once the object is sure to reach its owner. False: an exception is
// pending.
bool SetAncillary(Napi::Object object, const sys::Ancillary& ancillary);

}  // namespace afunix
