// libuv, where the runtime has it: Bun and Deno also load addons, and have names of libuv's without
// its loop. Weak, so that the addon loads where they are missing.
#pragma once

#include <node_api.h>
#include <uv.h>

#pragma weak uv_backend_fd
#pragma weak uv_backend_timeout
#pragma weak uv_close
#pragma weak uv_hrtime
#pragma weak uv_now
#pragma weak uv_poll_init
#pragma weak uv_poll_start
#pragma weak uv_poll_stop
#pragma weak uv_prepare_init
#pragma weak uv_prepare_start
#pragma weak uv_prepare_stop
#pragma weak uv_ref
#pragma weak uv_unref

namespace afunix {

// Returns the environment's loop, or nullptr where it is not libuv's. So too with
// AFUNIX_WAIT=thread in the environment, by which tests run on Node.js what is meant for others.
uv_loop_t* LibuvLoopOf(napi_env env);

}  // namespace afunix
