// The `raw` object of the addon (NativeRaw in lib/native/binding.ts): one function a system call,
// on integer descriptors. They return -errno and never throw for a system error; a wrong argument,
// which lib/raw.ts never passes, is -EINVAL.
#pragma once

#include <napi.h>

namespace afunix {

Napi::Object MakeRawCalls(Napi::Env env);

// Every constant and errno by its C name: { AF_UNIX: 1, ... }, { ECONNREFUSED: 111, ... }.
Napi::Object MakeConstants(Napi::Env env);
Napi::Object MakeErrnos(Napi::Env env);

}  // namespace afunix
