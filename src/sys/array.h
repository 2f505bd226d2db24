// A growable array of plain values, with the names of std::vector. That one throws, and what throws
// needs the C++ library, which the addon does without. Where there is no memory, the process ends.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <utility>

namespace afunix::sys {

template <typename T>
class Array {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Array() = default;
  explicit Array(size_t size) { resize(size); }
  Array(Array&& other) noexcept { swap(other); }
  Array& operator=(Array&& other) noexcept {
    Array(std::move(other)).swap(*this);
    return *this;
  }
  ~Array() { std::free(data_); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T& operator[](size_t index) { return data_[index]; }
  const T& operator[](size_t index) const { return data_[index]; }
  T& back() { return data_[size_ - 1]; }

  // New ones are as T{} makes them.
  void resize(size_t size) {
    Reserve(size);
    while (size_ < size) data_[size_++] = T{};
    size_ = size;
  }
  void push_back(T value) { insert(end(), value); }
  void pop_back() { size_--; }
  // Puts it before `place`.
  void insert(const T* place, T value) {
    const auto index = static_cast<size_t>(place - data_);
    Reserve(size_ + 1);
    std::copy_backward(data_ + index, data_ + size_, data_ + size_ + 1);
    data_[index] = value;
    size_++;
  }
  void erase(T* place) {
    std::copy(place + 1, end(), place);
    size_--;
  }
  void clear() { *this = Array(); }
  void swap(Array& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  static constexpr size_t kSize = sizeof(T);  // NOLINT(bugprone-sizeof-expression): also a pointer

  void Reserve(size_t size) {
    if (size <= capacity_) return;
    const size_t capacity = std::max(size, 2 * capacity_);
    if (capacity > PTRDIFF_MAX / kSize) std::abort();
    void* const data = std::realloc(data_, capacity * kSize);
    if (data == nullptr) std::abort();
    data_ = static_cast<T*>(data);
    capacity_ = capacity;
  }

  T* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace afunix::sys
