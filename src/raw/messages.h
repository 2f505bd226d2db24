// The part of the `raw` object that carries whole messages: sendmsg(2) and its like.
#pragma once

#include <napi.h>

namespace afunix {

// Adds sendmsg, sendmmsg, recvmsg and recvmmsg.
void AddRawMessages(Napi::Object raw);

}  // namespace afunix
