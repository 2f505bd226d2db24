#include "addon.h"

#include <cerrno>
#include <iterator>
#include <utility>

#include "budget.h"
#include "napi/function.h"
#include "raw/calls.h"
#include "sys/account.h"
#include "sys/address.h"
#include "sys/ancillary.h"
#include "sys/bound_path.h"
#include "sys/constants.h"
#include "sys/text.h"

namespace afunix {

namespace {

struct Number {
  const char* name;
  int64_t value;
};

// The numbers that both sides of the boundary have to agree on. `Layout` in lib/native/addon.ts has
// their names once more.
constexpr Number kLayout[] = {
    {"maxPath", sys::Address::kMaxPath},
    {"maxRights", sys::kMaxRights},
    {"maxVectors", sys::kMaxVectors},
    {"controlCapacity", sys::kControlCapacity},
    {"maxSendMany", kMaxSendMany},
    {"maxReceiveBatch", kMaxReceiveBatch},
    {"readable", kReadable},
    {"writable", kWritable},
    {"unsafeDirectory", sys::kUnsafeDirectory},
    {"symbolicLink", sys::kSymbolicLink},
    {"locked", sys::kLocked},
    {"metaLength", ReceiveSlab::kMeta},
    {"header", ReceiveSlab::kHeader},
    {"stride", ReceiveSlab::kStride},
    {"offset", ReceiveSlab::kOffset},
    {"length", ReceiveSlab::kLength},
    {"size", ReceiveSlab::kSize},
    {"flags", ReceiveSlab::kFlags},
    {"addressLength", ReceiveSlab::kAddressLength},
    {"sender", ReceiveSlab::kSender},
    {"source", ReceiveSlab::kSource},
    {"lent", ReceiveSlab::kLent},
    {"outgoing", ReceiveSlab::kOutgoing},
    {"smallSend", ReceiveSlab::kSmallSend},
    {"truncated", ReceiveSlab::kTruncated},
    {"controlTruncated", ReceiveSlab::kControlTruncated},
    {"ancillary", ReceiveSlab::kAncillary},
    {"own", ReceiveSlab::kOwn},
    {"hasCredentials", ReceiveSlab::kHasCredentials},
    {"pid", ReceiveSlab::kPid},
    {"uid", ReceiveSlab::kUid},
    {"gid", ReceiveSlab::kGid},
    {"pidfd", ReceiveSlab::kPidFd},
    {"dropped", ReceiveSlab::kDropped},
    {"hasTimestamp", ReceiveSlab::kHasTimestamp},
    {"timestamp", ReceiveSlab::kTimestamp},
    {"rights", ReceiveSlab::kRights},
};

// user(name), group(name)
template <int64_t (*Find)(const char*)>
int64_t FindAccount(const Arguments& arguments) {
  Bytes name;
  return arguments.Read(&name) ? Find(sys::Text(name.view()).c_str()) : -EINVAL;
}

napi_value MakeAccountExports(napi_env env) {
  void* const none = nullptr;
  return MakeObject(env, {
                             Function<FindAccount<sys::FindUser>>("user", none),
                             Function<FindAccount<sys::FindGroup>>("group", none),
                         });
}

}  // namespace

bool Addon::Export(napi_env env, napi_value exports) {
  if (!sockets_.Initialize()) return false;
  const napi_property_descriptor properties[] = {
      Value("constants", MakeNumbers(env, sys::kConstants, sys::kConstantCount)),
      Value("errnos", MakeNumbers(env, sys::kErrnos, sys::kErrnoCount)),
      Value("layout", MakeNumbers(env, kLayout, std::size(kLayout))),
      Value("sockets", sockets_.MakeExports()),
      Value("slab", sockets_.MakeSlabExports()),
      Value("descriptors", owned_.MakeExports(env)),
      Value("accounts", MakeAccountExports(env)),
      Value("raw", MakeRawExports(env, &blocking_)),
      Value("hasLoop", ToValue(env, loop_.is_libuv())),
  };
  for (const napi_property_descriptor& property : properties) {
    if (property.value == nullptr) return false;
  }
  return napi_define_properties(env, exports, std::size(properties), properties) == napi_ok;
}

// Asynchronous with libuv, which lets go of a handle only in a turn of its loop. The hook keeps the
// environment, and so this object, alive until it is removed. Deno frees such a hook twice.
bool Addon::HookTeardown(napi_env env) {
  if (!loop_.is_libuv()) {
    const auto teardown = [](void* data) { static_cast<Addon*>(data)->Teardown(); };
    return napi_add_env_cleanup_hook(env, teardown, this) == napi_ok;
  }
  const auto teardown = [](napi_async_cleanup_hook_handle, void* data) {
    static_cast<Addon*>(data)->Teardown();
  };
  return napi_add_async_cleanup_hook(env, teardown, this, &teardown_) == napi_ok;
}

void Addon::Teardown() {
  sockets_.CloseAll();
  owned_.CloseAll();
  loop_.Shutdown(
      [](void* data) {
        auto* addon = static_cast<Addon*>(data);
        if (addon->teardown_ == nullptr) return;
        napi_remove_async_cleanup_hook(std::exchange(addon->teardown_, nullptr));
      },
      this);
}

NAPI_MODULE_INIT() {
  auto* addon = new Addon(env);
  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<Addon*>(data); };
  if (napi_set_instance_data(env, addon, finalize, nullptr) != napi_ok) {
    delete addon;
    return nullptr;
  }
  return addon->Export(env, exports) && addon->HookTeardown(env) ? exports : nullptr;
}

}  // namespace afunix
