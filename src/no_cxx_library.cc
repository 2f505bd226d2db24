// What the addon needs of the C++ library, so that its binary needs the C library alone. Containers
// without libstdc++ load it, and so do systems with an older one than that of the compiler. Errors
// for which the library throws end the process, as in all code that is compiled without exceptions.
// The linker keeps these functions to the addon (exports.map), which hands nothing to others that
// they would free by their own.
#include <cstdlib>
#include <new>
#include <string>

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

// The headers leave its code to the library.
template class std::basic_string<char>;

// NOLINTBEGIN(cert-dcl50-cpp, cert-dcl58-cpp): the library declares them so.
namespace std {

const nothrow_t nothrow{};

#ifdef __GLIBCXX__
void __throw_logic_error(const char*) { abort(); }
void __throw_length_error(const char*) { abort(); }
void __throw_out_of_range_fmt(const char*, ...) { abort(); }
void __throw_bad_alloc() { abort(); }
void __throw_bad_array_new_length() { abort(); }
#endif

}  // namespace std
// NOLINTEND(cert-dcl50-cpp, cert-dcl58-cpp)
