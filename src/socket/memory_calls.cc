// Calls of JavaScript on files in memory.
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "owned_descriptors.h"
#include "sys/memory_map.h"
#include "sys/sealed_file.h"
#include "sys/text.h"

namespace afunix {

namespace {

// Makes an ArrayBuffer of the runtime's own with the same bytes.
napi_value Copy(napi_env env, const sys::MemoryMap& map) {
  napi_value buffer = nullptr;
  void* bytes = nullptr;
  if (napi_create_arraybuffer(env, map.size(), &bytes, &buffer) != napi_ok) return nullptr;
  if (map.size() > 0) std::memcpy(bytes, map.data(), map.size());
  return buffer;
}

}  // namespace

// sealedFile(name, contents)
int OwnedDescriptors::SealedFile(const Arguments& arguments) {
  Bytes name, contents;
  if (!arguments.Read(&name, &contents)) return -EINVAL;
  sys::UniqueFd fd;
  const sys::Text terminated(name.view());
  const int result = sys::SealedFile(terminated.c_str(), contents.view(), &fd);
  return result < 0 ? result : Add(std::move(fd));
}

// memoryFile(name, size)
int OwnedDescriptors::MemoryFile(const Arguments& arguments) {
  Bytes name;
  int64_t size;
  if (!arguments.Read(&name, &size)) return -EINVAL;
  sys::UniqueFd fd;
  const sys::Text terminated(name.view());
  const int result = sys::MemoryFile(terminated.c_str(), size, &fd);
  return result < 0 ? result : Add(std::move(fd));
}

// seals(fd)
int OwnedDescriptors::Seals(const Arguments& arguments) {
  return sys::GetSeals(arguments.Int(0, -1));
}

// map(fd, shared, most)
napi_value OwnedDescriptors::Map(const Arguments& arguments) {
  napi_env env = arguments.env;
  int64_t most = 0;
  napi_get_value_int64(env, arguments[2], &most);
  const bool shared = arguments.Bool(1);
  auto map = std::make_unique<sys::MemoryMap>();
  const int error = map->Open(arguments.Int(0, -1), shared);
  if (error < 0) return ToValue(env, error);
  if (map->size() > static_cast<uint64_t>(most)) return ToValue(env, -EFBIG);
  if (map->size() == 0) return MakeArray(env, Copy(env, *map), ToValue(env, false));
  // The memory goes when no ArrayBuffer has it any more, and at the environment's end, when Node.js
  // has detached it.
  const auto finalize = [](napi_env, void*, void* hint) {
    delete static_cast<sys::MemoryMap*>(hint);
  };
  napi_value buffer = nullptr;
  const napi_status status =
      napi_create_external_arraybuffer(env, map->data(), map->size(), finalize, map.get(), &buffer);
  if (status == napi_ok) {
    (void)map.release();
    return MakeArray(env, buffer, ToValue(env, false));
  }
  // After this failure Node.js has called `finalize`.
  if (status == napi_generic_failure) (void)map.release();
  // Runtimes whose pointers are compressed, as Electron's, have no memory from outside.
  constexpr int kNoExternalBuffersAllowed = 22;
  if (static_cast<int>(status) != kNoExternalBuffersAllowed) return nullptr;
  if (shared) return ToValue(env, -ENOSYS);
  return MakeArray(env, Copy(env, *map), ToValue(env, true));
}

// unmap(buffer)
bool OwnedDescriptors::Unmap(const Arguments& arguments) {
  return napi_detach_arraybuffer(arguments.env, arguments[0]) == napi_ok;
}

}  // namespace afunix
