// Memory of JavaScript's that C++ writes into.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace afunix {

// A Buffer of a fixed size with an ArrayBuffer of its own. JavaScript holds it too and may detach
// it (`transfer()`, `postMessage()`), so each call that uses the memory looks it up.
class Chunk {
 public:
  explicit Chunk(size_t size) : size_(size) {}
  Chunk(const Chunk&) = delete;
  Chunk& operator=(const Chunk&) = delete;

  size_t size() const { return size_; }

  // The memory, good until JavaScript runs again; nullptr if there is none or it was detached.
  unsigned char* Find(napi_env env) const {
    napi_typedarray_type type;
    size_t length = 0;
    void* data = nullptr;
    napi_value buffer = value(env);
    if (buffer == nullptr ||
        napi_get_typedarray_info(env, buffer, &type, &length, &data, nullptr, nullptr) != napi_ok) {
      return nullptr;
    }
    return length == size_ ? static_cast<unsigned char*>(data) : nullptr;
  }

  // As Find(), in a new Buffer where there is no other; nullptr when JavaScript has no memory.
  unsigned char* Get(napi_env env) {
    if (unsigned char* memory = Find(env)) return memory;
    Leave(env);
    void* data = nullptr;
    napi_value buffer = nullptr;
    if (napi_create_buffer(env, size_, &data, &buffer) != napi_ok ||
        napi_create_reference(env, buffer, 1, &reference_) != napi_ok) {
      return nullptr;
    }
    id_++;
    return static_cast<unsigned char*>(data);
  }

  // The Buffer; nullptr if there is none.
  napi_value value(napi_env env) const {
    napi_value value = nullptr;
    if (reference_ != nullptr) napi_get_reference_value(env, reference_, &value);
    return value;
  }

  // Leaves the Buffer to JavaScript: the next Get() makes another one.
  void Leave(napi_env env) {
    if (reference_ != nullptr) napi_delete_reference(env, std::exchange(reference_, nullptr));
  }

  // Counts the Buffers that were made, so that JavaScript notices a new one.
  int32_t id() const { return id_; }

 private:
  const size_t size_;
  napi_ref reference_ = nullptr;
  int32_t id_ = 0;
};

}  // namespace afunix
