// A data race, to see that the thread sanitizer finds one where the tests run: see run.sh. An addon
// with a counter that all threads share, and nothing that keeps them apart.
#include <node_api.h>

static int counter = 0;

static napi_value Count(napi_env, napi_callback_info) {
  counter++;
  return nullptr;
}

NAPI_MODULE_INIT() {
  napi_value count = nullptr;
  napi_create_function(env, "count", NAPI_AUTO_LENGTH, Count, nullptr, &count);
  return count == nullptr ? exports : count;
}
