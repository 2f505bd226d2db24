// new and delete, which every program may define for itself (ISO C++, [replacement.functions]).
// With them the addon needs nothing of the C++ library but headers: containers without libstdc++
// load it, and so do systems with an older one than that of the compiler. Without memory the
// process ends, but for nothrow's. The linker keeps these functions to the addon (exports.map),
// which hands nothing to others that they would free by their own.
#include <cstdlib>
#include <new>

namespace {

void* Allocate(size_t size) {
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

void* operator new(size_t size) { return Allocate(size); }
void* operator new[](size_t size) { return Allocate(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
