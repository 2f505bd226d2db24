// The functions of the `raw` object that carry whole messages: sendmsg(2) and its like.
#pragma once

#include <node_api.h>

#include <cstdint>

#include "blocking.h"
#include "napi/function.h"

namespace afunix {

int64_t SendMessage(BlockingDescriptors& blocking, const Arguments& arguments);
int64_t SendMany(BlockingDescriptors& blocking, const Arguments& arguments);
napi_value ReceiveMessage(BlockingDescriptors& blocking, const Arguments& arguments);
napi_value ReceiveMany(BlockingDescriptors& blocking, const Arguments& arguments);

}  // namespace afunix
