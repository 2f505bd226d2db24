// The few functions of Node-API that the slab calls, on plain memory: a buffer is exactly as large
// as it was asked for, so that the sanitizer sees a byte beyond. One that is detached is freed, so
// that it sees any later use.
#pragma once

#include <node_api.h>

#include <deque>
#include <memory>

struct PlainBuffer {
  std::unique_ptr<unsigned char[]> data;
  size_t size = 0;

  static PlainBuffer* From(napi_value value) { return reinterpret_cast<PlainBuffer*>(value); }

  // As ArrayBuffer.prototype.transfer().
  void Detach() {
    data.reset();
    size = 0;
  }
};

struct PlainMemory {
  std::deque<PlainBuffer> buffers;  // all of them
  bool (*fails)() = nullptr;        // whether the next one cannot be had
};

inline PlainMemory plain_memory;

inline napi_status MakePlain(size_t size, void** data, napi_value* result) {
  if (plain_memory.fails != nullptr && plain_memory.fails()) return napi_generic_failure;
  PlainBuffer buffer = {std::unique_ptr<unsigned char[]>(new unsigned char[size]), size};
  *data = buffer.data.get();
  plain_memory.buffers.push_back(std::move(buffer));
  *result = reinterpret_cast<napi_value>(&plain_memory.buffers.back());
  return napi_ok;
}

extern "C" {

napi_status napi_create_buffer(napi_env, size_t size, void** data, napi_value* result) {
  return MakePlain(size, data, result);
}

napi_status napi_get_typedarray_info(napi_env, napi_value value, napi_typedarray_type* type,
                                     size_t* length, void** data, napi_value*, size_t*) {
  const PlainBuffer* buffer = PlainBuffer::From(value);
  *type = napi_uint8_array;
  *length = buffer->size;
  *data = buffer->data.get();
  return napi_ok;
}

napi_status napi_create_reference(napi_env, napi_value value, uint32_t, napi_ref* result) {
  *result = reinterpret_cast<napi_ref>(value);
  return napi_ok;
}

napi_status napi_get_reference_value(napi_env, napi_ref reference, napi_value* result) {
  *result = reinterpret_cast<napi_value>(reference);
  return napi_ok;
}

napi_status napi_delete_reference(napi_env, napi_ref) { return napi_ok; }
}
