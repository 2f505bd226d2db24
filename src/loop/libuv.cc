#include "libuv.h"

#include <cstdlib>
#include <string_view>

#include "napi/handle_scope.h"

namespace afunix {

namespace {

bool HasSymbols() {
  return uv_backend_fd != nullptr && uv_backend_timeout != nullptr && uv_close != nullptr &&
         uv_hrtime != nullptr && uv_now != nullptr && uv_poll_init != nullptr &&
         uv_poll_start != nullptr && uv_poll_stop != nullptr && uv_prepare_init != nullptr &&
         uv_prepare_start != nullptr && uv_prepare_stop != nullptr && uv_ref != nullptr &&
         uv_unref != nullptr;
}

// By process.versions. All else looks like Node.js there: the symbols, the loop's pointer, and what
// napi_get_node_version() says.
bool IsBunOrDeno(napi_env env) {
  const HandleScope scope(env);
  napi_value value;
  if (napi_get_global(env, &value) != napi_ok) return false;
  for (const char* name : {"process", "versions"}) {
    if (napi_get_named_property(env, value, name, &value) != napi_ok) return false;
  }
  for (const char* name : {"bun", "deno"}) {
    bool has = false;
    if (napi_has_named_property(env, value, name, &has) == napi_ok && has) return true;
  }
  return false;
}

bool IsThreadAskedFor() {
  const char* wait = std::getenv("AFUNIX_WAIT");
  return wait != nullptr && std::string_view(wait) == "thread";
}

}  // namespace

uv_loop_t* LibuvLoopOf(napi_env env) {
  uv_loop_t* loop = nullptr;
  if (!HasSymbols() || IsThreadAskedFor() || IsBunOrDeno(env)) return nullptr;
  return napi_get_uv_event_loop(env, &loop) == napi_ok ? loop : nullptr;
}

}  // namespace afunix
