// The sockets of one environment: how they are made, and how JavaScript names them.
#pragma once

#include <node_api.h>

#include <cstdint>

#include "loop/poller.h"
#include "napi/function.h"
#include "receive_slab.h"
#include "sys/array.h"
#include "sys/unique_fd.h"

namespace afunix {

class BlockingDescriptors;
class OwnedDescriptors;
class SocketWrap;

// A socket has an id as long as its JavaScript object (Handle in lib/native/binding.ts) lives, so
// that the id of a closed socket never means another one. Calls name sockets by id: napi_unwrap()
// looks a private symbol up in the object's properties, which costs more than the rest of a call.
class SocketTable {
 public:
  SocketTable(napi_env env, PollLoop* loop, OwnedDescriptors* owned, BlockingDescriptors* blocking)
      : env(env), loop(loop), owned(owned), blocking_(blocking) {}
  SocketTable(const SocketTable&) = delete;
  SocketTable& operator=(const SocketTable&) = delete;

  // Must be called first. Returns false when JavaScript has no memory.
  bool Initialize() { return slab.Initialize(env); }

  // The objects `sockets` and `slab` of the addon.
  napi_value MakeExports();
  napi_value MakeSlabExports();

  // Returns a Handle that owns `fd`, set up, or nullptr with an exception pending (and `fd`
  // closed). `type` is SO_TYPE, 0 for what is no socket.
  napi_value MakeHandle(sys::UniqueFd fd, int type, bool shown = false);

  // Returns the id of a socket that is in the table until Remove().
  uint32_t Add(SocketWrap* socket);
  void Remove(uint32_t id);
  SocketWrap* Find(uint32_t id) const { return id < sockets_.size() ? sockets_[id] : nullptr; }
  void CloseAll();

  // Call the dispatchers of JavaScript with a Handle as `this`.
  void DispatchReadable(napi_value handle, int result) { Dispatch(on_readable_, handle, result); }
  void DispatchWritable(napi_value handle) { Dispatch(on_writable_, handle, 0); }

  const napi_env env;
  PollLoop* const loop;
  OwnedDescriptors* const owned;
  ReceiveSlab slab;

 private:
  template <auto Method>
  napi_value OnSocket(const Arguments& arguments);
  template <auto Method, size_t kMax>
  napi_property_descriptor SocketFunction(const char* name);
  napi_value SetClass(const Arguments& arguments);
  napi_value Open(const Arguments& arguments);
  napi_value OpenPair(const Arguments& arguments);
  napi_value Adopt(const Arguments& arguments);
  napi_value Watch(const Arguments& arguments);
  napi_value SlabChunk(const Arguments& arguments);
  napi_value SlabTake(const Arguments& arguments);
  napi_value SlabTakeAncillary(const Arguments& arguments);
  void Dispatch(napi_ref function, napi_value handle, int result);

  BlockingDescriptors* const blocking_;
  sys::Array<SocketWrap*> sockets_;  // by id
  sys::Array<uint32_t> free_ids_;
  napi_ref handle_class_ = nullptr;
  napi_ref on_readable_ = nullptr;
  napi_ref on_writable_ = nullptr;
};

}  // namespace afunix
