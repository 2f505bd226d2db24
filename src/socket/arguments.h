// What JavaScript passes to a socket's methods, and gets back. Raw Node-API calls, not
// node-addon-api's wrappers: these methods are the hot way.
#pragma once

#include <cstddef>

#include "socket_wrap.h"

namespace afunix {

struct SocketWrap::Arguments {
  static constexpr size_t kMax = 6;
  napi_env env;
  size_t count;
  const napi_value* values;  // kMax of them, undefined where there are fewer

  napi_value operator[](size_t index) const { return values[index]; }
  int Int(size_t index, int fallback = 0) const {
    int value = fallback;
    if (index >= count) return fallback;
    napi_get_value_int32(env, values[index], &value);
    return value;
  }
  bool Bool(size_t index) const {
    bool value = false;
    napi_get_value_bool(env, values[index], &value);
    return value;
  }
};

// Messages that one sendMany() takes (SEND_BATCH in lib/native/binding.ts).
constexpr size_t kSendBatch = 64;

}  // namespace afunix
