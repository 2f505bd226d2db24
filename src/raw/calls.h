// The `raw` object of the addon (NativeRaw in lib/native/addon.ts): one function a system call,
// on integer descriptors. They return -errno and never throw for a system error; a wrong argument,
// which lib/raw/ never passes, is -EINVAL.
#pragma once

#include <node_api.h>

#include "blocking.h"

namespace afunix {

napi_value MakeRawExports(napi_env env, BlockingDescriptors* blocking);

}  // namespace afunix
