// Functions for JavaScript. Each is bound to the C++ object that it works on, its context.
#pragma once

#include <node_api.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <initializer_list>
#include <type_traits>

#include "napi/values.h"

namespace afunix {

// The arguments of one call, undefined where the caller gave fewer than the function takes.
class Arguments {
 public:
  Arguments(napi_env env, size_t count, const napi_value* values)
      : env(env), count(count), values_(values) {}

  napi_value operator[](size_t index) const { return values_[index]; }

  int Int(size_t index, int fallback = 0) const {
    int value = fallback;
    if (index >= count) return fallback;
    napi_get_value_int32(env, values_[index], &value);
    return value;
  }

  uint32_t Uint(size_t index) const {
    uint32_t value = UINT32_MAX;
    napi_get_value_uint32(env, values_[index], &value);
    return value;
  }

  bool Bool(size_t index) const {
    bool value = false;
    napi_get_value_bool(env, values_[index], &value);
    return value;
  }

  // Reads the first ones, each into an int, an int64_t or a Bytes. False if one is something else.
  template <typename... Out>
  bool Read(Out*... out) const {
    size_t index = 0;
    return (Get(values_[index++], out) && ...);
  }

  // Those after the first.
  Arguments Rest() const { return {env, count > 0 ? count - 1 : 0, values_ + 1}; }

  const napi_env env;
  const size_t count;  // of those that the caller gave

 private:
  bool Get(napi_value value, int* out) const { return GetInt(env, value, out); }
  bool Get(napi_value value, int64_t* out) const { return GetInt64(env, value, out); }
  bool Get(napi_value value, Bytes* out) const { return GetBytes(env, value, out); }

  const napi_value* values_;
};

// Calls F with up to kMax arguments: a method of Context, or a function of (Context&, const
// Arguments&) or of (const Arguments&). F returns an integer, a bool or a napi_value; nullptr is
// undefined.
template <auto F, typename Context, size_t kMax>
napi_value Invoke(napi_env env, napi_callback_info info) {
  napi_value values[kMax];
  size_t count = kMax;
  void* context = nullptr;
  if (napi_get_cb_info(env, info, &count, values, nullptr, &context) != napi_ok) return nullptr;
  const Arguments arguments(env, std::min(count, kMax), values);
  if constexpr (std::is_invocable_v<decltype(F), const Arguments&>) {
    return ToValue(env, F(arguments));
  } else {
    return ToValue(env, std::invoke(F, *static_cast<Context*>(context), arguments));
  }
}

// A property that is a function. The context must outlive the environment's last call.
template <auto F, size_t kMax = 4, typename Context>
napi_property_descriptor Function(const char* name, Context* context) {
  return {name,    nullptr, Invoke<F, Context, kMax>, nullptr,
          nullptr, nullptr, napi_default_jsproperty,  context};
}

inline napi_property_descriptor Value(const char* name, napi_value value) {
  return {name, nullptr, nullptr, nullptr, nullptr, value, napi_enumerable, nullptr};
}

inline napi_value MakeObject(napi_env env,
                             std::initializer_list<napi_property_descriptor> properties) {
  napi_value object = nullptr;
  if (napi_create_object(env, &object) != napi_ok ||
      napi_define_properties(env, object, properties.size(), properties.begin()) != napi_ok) {
    return nullptr;
  }
  return object;
}

// An object with numbers by name; `Number` has a name and a value.
template <typename Number>
napi_value MakeNumbers(napi_env env, const Number* numbers, size_t count) {
  napi_value object = nullptr;
  if (napi_create_object(env, &object) != napi_ok) return nullptr;
  for (size_t i = 0; i < count; i++) {
    if (!SetField(env, object, numbers[i].name, ToValue(env, int64_t{numbers[i].value}))) {
      return nullptr;
    }
  }
  return object;
}

}  // namespace afunix
