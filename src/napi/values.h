// JavaScript values to C++ ones and back. No function here throws. A false or null answer leaves at
// most a pending exception of Node-API itself: no memory, or a getter that threw.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace afunix {

// The memory of a Uint8Array. Valid until JavaScript runs again: it could detach it.
struct Bytes {
  unsigned char* data = nullptr;
  size_t length = 0;

  std::string_view view() const { return {reinterpret_cast<const char*>(data), length}; }
};

// False unless `value` is a Uint8Array. A detached one has no bytes: nullptr and 0.
inline bool GetBytes(napi_env env, napi_value value, Bytes* out) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  // Not napi_get_buffer_info: it ends the process on what is no view (Node 20).
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok ||
      (type != napi_uint8_array && type != napi_uint8_clamped_array)) {
    return false;
  }
  out->data = static_cast<unsigned char*>(data);
  out->length = length;
  return true;
}

// False unless `value` is a whole number that fits an int64_t exactly.
inline bool GetInt64(napi_env env, napi_value value, int64_t* out) {
  double number;
  if (napi_get_value_double(env, value, &number) != napi_ok) return false;
  if (!(number >= -9007199254740992.0 && number <= 9007199254740992.0)) return false;
  *out = static_cast<int64_t>(number);
  return static_cast<double>(*out) == number;
}

// False unless `value` is a whole number that fits an int.
inline bool GetInt(napi_env env, napi_value value, int* out) {
  int64_t number;
  if (!GetInt64(env, value, &number) || number < INT32_MIN || number > INT32_MAX) return false;
  *out = static_cast<int>(number);
  return true;
}

inline bool IsUndefined(napi_env env, napi_value value) {
  napi_valuetype type;
  return napi_typeof(env, value, &type) == napi_ok && type == napi_undefined;
}

inline bool IsObject(napi_env env, napi_value value) {
  napi_valuetype type;
  return napi_typeof(env, value, &type) == napi_ok && type == napi_object;
}

// False unless `value` is an array.
inline bool GetArrayLength(napi_env env, napi_value value, uint32_t* length) {
  bool is_array = false;
  return napi_is_array(env, value, &is_array) == napi_ok && is_array &&
         napi_get_array_length(env, value, length) == napi_ok;
}

// Makes a property of the object's own, whatever Object.prototype has by that name. Returns false,
// also when there is no value.
inline bool SetField(napi_env env, napi_value object, const char* name, napi_value value) {
  if (value == nullptr) return false;
  const napi_property_descriptor field = {
      name, nullptr, nullptr, nullptr, nullptr, value, napi_default_jsproperty, nullptr};
  return napi_define_properties(env, object, 1, &field) == napi_ok;
}

inline napi_value ToValue(napi_env, napi_value value) { return value; }

// A boolean, or a number: most often a count, or -errno.
template <typename T, typename = std::enable_if_t<std::is_integral_v<T>>>
napi_value ToValue(napi_env env, T result) {
  napi_value value = nullptr;
  if constexpr (std::is_same_v<T, bool>) {
    napi_get_boolean(env, result, &value);
  } else if constexpr (std::is_same_v<T, int>) {
    napi_create_int32(env, result, &value);
  } else {
    napi_create_int64(env, static_cast<int64_t>(result), &value);
  }
  return value;
}

// An array of these. Nullptr when one of them is.
template <typename... Values>
napi_value MakeArray(napi_env env, Values... values) {
  napi_value array = nullptr;
  uint32_t index = 0;
  const bool made =
      napi_create_array_with_length(env, sizeof...(values), &array) == napi_ok &&
      ((values != nullptr && napi_set_element(env, array, index++, values) == napi_ok) && ...);
  return made ? array : nullptr;
}

// A Buffer with a copy of the bytes. Nullptr when memory is short, with an exception pending.
inline napi_value MakeBuffer(napi_env env, std::string_view bytes) {
  napi_value value = nullptr;
  void* copy;
  napi_create_buffer_copy(env, bytes.size(), bytes.data(), &copy, &value);
  return value;
}

}  // namespace afunix
