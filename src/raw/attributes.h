// The functions of the `raw` object for extended attributes.
#pragma once

#include <cstdint>

#include "napi/function.h"

namespace afunix {

int64_t GetAttribute(const Arguments& arguments);
int64_t SetAttribute(const Arguments& arguments);
int64_t ListAttributes(const Arguments& arguments);
int64_t RemoveAttribute(const Arguments& arguments);

}  // namespace afunix
