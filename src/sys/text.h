// A string that system calls can take, such as a pathname. The code of std::string lies in the C++
// library, which the addon does without.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "array.h"

namespace afunix::sys {

class Text {
 public:
  Text() = default;
  // Both copy.
  Text(const char* text) : Text(std::string_view(text)) {}
  Text(std::string_view text) { *this += text; }
  Text(const Text& other) : Text(other.view()) {}
  Text(Text&&) noexcept = default;
  Text& operator=(Text other) noexcept {
    bytes_ = std::move(other.bytes_);
    return *this;
  }

  bool empty() const { return size() == 0; }
  size_t size() const { return bytes_.empty() ? 0 : bytes_.size() - 1; }
  // Ends with a 0.
  const char* c_str() const { return bytes_.empty() ? "" : bytes_.data(); }
  // Good until this one changes.
  std::string_view view() const { return {c_str(), size()}; }
  operator std::string_view() const { return view(); }
  void clear() { bytes_.clear(); }

  // `more` may be a part of this one.
  Text& operator+=(std::string_view more) {
    Array<char> sum(size() + more.size() + 1);
    std::copy(more.begin(), more.end(), std::copy(view().begin(), view().end(), sum.begin()));
    bytes_ = std::move(sum);
    return *this;
  }
  friend Text operator+(Text text, std::string_view more) {
    text += more;
    return text;
  }

 private:
  Array<char> bytes_;  // empty, or with its 0
};

}  // namespace afunix::sys
